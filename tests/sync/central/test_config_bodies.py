"""The rules in central.toml become records; a person's later word stands until the file says another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from pitboard.clock import SystemClock
from pitboard.errors import ConfigRefused
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import ClassSet, EventConfigured, FormatSet
from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format
from sync.central.central_server import open_central
from sync.central.config import CentralConfig
from sync.central.config_bodies import bodies_to_say
from tests.race_story import ROOT, Teller

REST = 'root_key_file = "root.key"\njournal = "central.db"\n'
RULES = """
[event]
name = "Cup"
format = "Ours"
[formats.Ours]
ranking = "net"
run_ms = 60_000
lap_min_ms = 0
[classes.kids]
format = "Hill climb"
[stages.finals]
kind = "knockout"
race_class = "kids"
"""
DOORS = "[public]\nport = 0\n[ingest]\nport = 0\ntls = false\nmdns = false\n"


def config(folder: Path, text: str) -> CentralConfig:
    path = folder / "central.toml"
    path.write_text(REST + text + DOORS, encoding="utf-8")
    return CentralConfig.load(path)


class Told:
    """A fold and the admin's stream that fills it."""

    def __init__(self) -> None:
        self.teller = Teller(ROOT, "Central")
        self.fold = Fold(ROOT.key)
        self._seen = 0

    def say(self, *bodies: Body) -> None:
        for body in bodies:
            self.teller.say(body)
        new = self.teller.records[self._seen :]
        self._seen += len(new)
        for record in new:
            self.fold.add(record)

    def hear(self, config: CentralConfig) -> list[type]:
        bodies = bodies_to_say(self.fold, config)
        self.say(*bodies)
        return [type(body) for body in bodies]


def test_every_node_learns_the_rules_and_a_restart_says_nothing_again(tmp_path: Path) -> None:
    async def story() -> None:
        for _ in range(2):
            async with open_central(config(tmp_path, RULES), SystemClock()) as central:
                fold = central.replica.fold
                assert fold.rules == Format(name="Ours", ranking="net", run_ms=60_000, lap_min_ms=0)
                assert fold.board_of("", "kids").rules.name == "Hill climb"
                assert [one.kind for one in fold.race.programme.stages()] == ["knockout"]
                assert bodies_to_say(fold, config(tmp_path, RULES)) == []

    asyncio.run(story())


def test_the_event_carries_its_formats_numbers_for_who_does_not_have_the_format(tmp_path: Path) -> None:
    told = Told()
    told.hear(config(tmp_path, RULES))
    assert told.fold.race.event.value == EventConfigured(
        name="Cup", run_ms=60_000, lap_min_ms=0, format="Ours"
    )
    endless = '[event]\nname = "Cup"\nformat = "Open"\n[formats.Open]\nrun_ms = 0\nends = "open"\n'
    told.hear(config(tmp_path, endless))
    assert told.fold.race.event.value == EventConfigured(name="Cup", format="Open")


def test_without_rules_an_event_is_the_default_format(tmp_path: Path) -> None:
    told = Told()
    assert told.hear(config(tmp_path, '[event]\nname = "Cup"\n')) == [EventConfigured]
    assert told.fold.race.event.value == EventConfigured(name="Cup")
    assert told.fold.rules == DEFAULT_FORMAT
    told.hear(config(tmp_path, '[event]\nname = "Cup"\nlap_min_ms = 0\n'))
    assert told.fold.rules == msgspec.structs.replace(DEFAULT_FORMAT, lap_min_ms=0)


def test_a_table_that_is_gone_is_taken_back(tmp_path: Path) -> None:
    told = Told()
    told.hear(config(tmp_path, RULES))
    without = RULES[: RULES.index("[classes.kids]")]
    told.hear(config(tmp_path, without))
    programme = told.fold.race.programme
    assert (programme.classes(), programme.stages(), [*programme.formats()]) == ([], [], ["Ours"])
    assert told.hear(config(tmp_path, without)) == []
    told.hear(config(tmp_path, RULES))
    assert [one.race_class for one in programme.classes()] == ["kids"]


def test_what_a_person_set_stands_until_the_file_says_something_new(tmp_path: Path) -> None:
    told = Told()
    told.hear(config(tmp_path, RULES))
    at_the_desk = FormatSet(name="Ours", format=Format(name="Ours", ranking="net", laps=5), by="admin")
    own_class = ClassSet(race_class="guests", name="Guests", by="admin")
    told.say(at_the_desk, own_class)
    assert told.hear(config(tmp_path, RULES)) == []
    assert told.fold.rules == at_the_desk.format
    assert told.hear(config(tmp_path, RULES.replace("60_000", "90_000"))) == [FormatSet, EventConfigured]
    assert told.fold.rules.run_ms == 90_000
    told.hear(config(tmp_path, '[event]\nname = "Cup"\n'))
    assert [one.race_class for one in told.fold.race.programme.classes()] == ["guests"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('format = "Theirs"', "key 'event.format': there is no format \"Theirs\"; known are"),
        ('format = "Hill climb"\nrun_ms = 5000', "event.run_ms and event.format exclude each other"),
        ("run_ms = 999", "key 'event.run_ms': expected a whole number >= 1000"),
        ('[stages.f]\nkind = "swiss"', "key 'stages[...].kind': 'swiss' is none of"),
        ("[stages.f]\ncount = 8", "key 'stages[...].kind' is missing"),
        ('[stages.f]\nkind = "ladder"\ncount = 1', "key 'stages[...].count': expected a whole number >= 2"),
        ('[classes.k]\ncolour = "red"', "unknown key 'classes[...].colour'"),
    ],
)
def test_wrong_rules_stop_the_start_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        config(tmp_path, f'[event]\nname = "Cup"\n{text}\n')
    assert sentence in str(refused.value)


def test_all_faults_of_the_rules_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        config(tmp_path, RULES.replace('"net"', '"nett"').replace('"Hill climb"', '"Hill"'))
    assert 'formats."Ours": ranking = "nett" is none of' in str(refused.value)
    assert 'there is no format "Hill"' in str(refused.value)


def test_the_events_format_of_the_desk_stands_until_the_file_names_another(tmp_path: Path) -> None:
    told = Told()
    told.say(*bodies_to_say(told.fold, config(tmp_path, RULES)))
    told.say(EventConfigured(name="Cup", format="Hill climb", where="desk"))
    assert bodies_to_say(told.fold, config(tmp_path, RULES)) == []
    assert told.fold.rules.ranking == "net"
    told.say(*bodies_to_say(told.fold, config(tmp_path, RULES.replace('name = "Cup"', 'name = "Cup 2"'))))
    event = told.fold.race.event.value
    assert event is not None
    assert (event.name, event.format, event.where) == ("Cup 2", "Ours", "")
