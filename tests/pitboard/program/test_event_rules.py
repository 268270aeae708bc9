"""Formats, classes and stages as central.toml and venue.toml give them."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from pitboard.program.event_rules import EventRules, read_format
from pitboard.race.bodies.event_bodies import ClassSet, FormatSet, StageSet
from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format
from pitboard.race.ranking.presets import PRESETS, preset
from pitboard.race.stages.stages import StagePlan, plan_of, stage_of

FINALS = """
[formats.Finals]
preset = "DeepRacer, live final"
run_ms = 120_000
[formats."Kids' race"]
ranking = "best-average"
laps = 2
[classes.kids]
name = "Kids under 12"
format = "Kids' race"
[classes.old]
is_outside_awards = true
[stages.knockout]
kind = "ladder"
race_class = "kids"
format = "Hill climb"
count = 12
picked = ["c1", "c2", "c3"]
"""


def rules(text: str) -> EventRules:
    return msgspec.convert(tomllib.loads(text), EventRules)


def test_a_format_begins_with_a_preset_and_changes_what_it_likes() -> None:
    live = preset("DeepRacer, live final")
    assert live is not None
    assert rules(FINALS).format_named("Finals") == msgspec.structs.replace(
        live, name="Finals", run_ms=120_000
    )
    for one in PRESETS:
        assert read_format({"preset": one.rules.name}) == one.rules
        assert read_format({"preset": one.rules.name}, "Ours") == msgspec.structs.replace(
            one.rules, name="Ours"
        )


def test_what_the_tables_say_is_published_each_format_before_whatever_names_it() -> None:
    acts = rules(FINALS).acts("Alpine, two runs", where="central.toml")
    assert {act.where for act in acts} == {"central.toml"}
    assert [act.name for act in acts if isinstance(act, FormatSet)] == [
        "Finals",
        "Kids' race",
        "Alpine, two runs",
        "Hill climb",
    ]
    assert [type(act) for act in acts] == [*[FormatSet] * 4, ClassSet, ClassSet, StageSet]
    kids, old, stage = acts[4:]
    assert isinstance(kids, ClassSet)
    assert isinstance(old, ClassSet)
    assert isinstance(stage, StageSet)
    assert (kids.race_class, kids.name, kids.format) == ("kids", "Kids under 12", "Kids' race")
    assert (old.name, old.format, old.is_outside_awards) == ("old", "", True)
    assert stage.settings == {"count": 12, "picked": ["c1", "c2", "c3"]}
    plan = plan_of(stage)
    assert plan == StagePlan(
        stage="knockout",
        name="knockout",
        kind="ladder",
        race_class="kids",
        format="Hill climb",
        count=12,
        picked=("c1", "c2", "c3"),
    )
    assert stage_of(plan) is not None


def test_a_stage_of_a_later_version_is_no_plan() -> None:
    stage = StageSet(stage_id="s", kind="knockout", name="Finals", settings={"count": "many"})
    assert plan_of(stage) is None
    later = msgspec.structs.replace(stage, settings={"count": 4, "colour": "red"})
    assert plan_of(later) == StagePlan(stage="s", name="Finals", count=4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[formats.A]\nrankin = "net"', "formats.\"A\": unknown key 'rankin'; take it out or correct"),
        ('[formats.A]\nlaps = "3"', "formats.\"A\": key 'laps': expected a whole number"),
        ('[formats.A]\nranking = "fastest"', 'formats."A": ranking = "fastest" is none of "best-lap"'),
        ('[formats.A]\npreset = "Alpin"', 'formats."A": preset = \'Alpin\' is none of "Best lap"'),
        ("[formats.A]\npreset = 3", 'formats."A": preset = 3 is none of'),
        ('[formats.A]\nname = "B"', 'formats."A": name = "B" is another than the table\'s'),
        ('[formats.A]\npreset = "Slot heats, lanes"\nranking = "net"', 'take it out or write ""'),
        ('[classes.kids]\nformat = "B"', 'key \'classes."kids".format\': there is no format "B"; known are'),
        ('[stages.f]\nkind = "knockout"\nformat = "B"', "key 'stages.\"f\".format': there is no format"),
        ('[stages.f]\nkind = "knockout"\nrace_class = "x"', 'there is no class "x"; known are none'),
    ],
)
def test_what_is_wrong_is_one_sentence_that_names_the_place(text: str, sentence: str) -> None:
    (fault,) = rules(text).rule_faults("")
    assert sentence in fault


def test_an_event_names_a_format_that_is_there() -> None:
    (fault,) = rules("[formats.Ours]").rule_faults("Theirs")
    assert fault.startswith('key \'event.format\': there is no format "Theirs"; known are "Ours", "Best lap"')
    assert list(rules("[formats.Ours]").rule_faults("Ours")) == []
    assert list(rules("").rule_faults("Hill climb")) == []


def test_an_empty_table_is_the_default_format_under_its_own_name() -> None:
    assert read_format({}) == Format()
    assert read_format({}, "Ours") == msgspec.structs.replace(DEFAULT_FORMAT, name="Ours")
