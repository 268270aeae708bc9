"""Formats as a person writes them, and as a later version's record brings them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.formats import DEFAULT_FORMAT, WORDS, Format, FormatConfig, TimingRules, faults


def read(**keys: object) -> Format:
    return msgspec.convert(keys, FormatConfig).as_format()


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"ranking": "fastest"}, 'ranking = "fastest" is none of "best-lap", '),
        ({"ranking": "best-average"}, 'ranking = "best-average" needs laps'),
        ({"ranking": "total-first"}, 'ranking = "total-first" needs laps'),
        ({"ranking": "total-best", "laps": 0}, 'ranking = "total-best" needs laps'),
        ({"ranking": "sum-of-best-runs"}, 'ranking = "sum-of-best-runs" needs runs'),
        ({"ranking": "sum-of-best-runs", "runs": 2, "run_ranking": "total-best"}, "needs laps"),
        ({"ranking": "points", "points": []}, 'ranking = "points" needs points'),
        ({"points": [1, 2]}, "points must not grow"),
        ({"run_ranking": "net"}, "run_ranking does nothing"),
        ({"run_ms": 999}, "run_ms = 999 is too short"),
        ({"ends": "laps"}, "needs run_laps"),
        ({"time_up": "cancel"}, 'needs ends = "laps"'),
        ({"off_track": "seconds"}, "needs off_track_ms"),
        ({"told_by": "lane"}, "needs lanes"),
        ({"lap_mn_ms": 1}, "unknown field `lap_mn_ms`"),
        ({"laps": -1}, "$.laps"),
        ({"resolution_ns": 0}, "$.resolution_ns"),
    ],
)
def test_a_rule_that_no_race_could_be_run_by_is_refused_with_its_key(
    keys: dict[str, object], sentence: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        read(**keys)
    assert sentence in str(refused.value)


def test_every_word_of_every_key_is_read() -> None:
    beside: dict[str, object] = {"laps": 3, "runs": 2, "run_laps": 5, "off_track_ms": 1_000, "lanes": 4}
    for key, words in WORDS.items():
        for word in words:
            keys = {**beside, key: word}
            if key == "time_up":
                keys["ends"] = "laps"
            if key == "run_ranking" and word:
                keys["ranking"] = "points"
            assert getattr(read(**keys), key) == word


def test_the_default_format_is_a_race_of_three_minutes_for_the_best_lap() -> None:
    assert read() == Format()
    assert list(faults(DEFAULT_FORMAT)) == []
    assert (DEFAULT_FORMAT.ranking, DEFAULT_FORMAT.run_ms, DEFAULT_FORMAT.lap_min_ms) == (
        "best-lap",
        180_000,
        3_000,
    )
    assert {key: words[0] for key, words in WORDS.items()} == {
        key: getattr(DEFAULT_FORMAT, key) for key in WORDS
    }


def test_a_run_keeps_the_timing_rules_and_nothing_else() -> None:
    rules = read(name="Sprint", ranking="most-laps", run_ms=60_000, off_track="seconds", off_track_ms=2_000)
    assert rules.timing == TimingRules(run_ms=60_000, off_track="seconds", off_track_ms=2_000)
    assert msgspec.json.decode(msgspec.json.encode(rules), type=Format) == rules
    assert msgspec.json.encode(DEFAULT_FORMAT.timing) == b"{}"


def test_a_later_versions_format_is_read_and_its_new_words_are_named() -> None:
    later = msgspec.json.decode(
        b'{"name":"x","ranking":"best-sector","colour":"red","run_ms":5000}', type=Format
    )
    assert (later.run_ms, later.unknown_words()) == (5_000, ["ranking"])


@pytest.mark.parametrize(
    ("rule", "voids", "adds_ms"),
    [
        (TimingRules(), [False, False, False], [0, 0, 0]),
        (TimingRules(off_track="void"), [False, True, True], [0, 0, 0]),
        (TimingRules(off_track="seconds", off_track_ms=3_000), [False, False, False], [0, 3_000, 6_000]),
        (TimingRules(off_track="limit", off_track_max_count=1), [False, False, True], [0, 0, 0]),
    ],
)
def test_being_off_the_track(rule: TimingRules, voids: list[bool], adds_ms: list[int]) -> None:
    assert [rule.is_void_by_off_tracks(count) for count in range(3)] == voids
    assert [rule.off_track_penalty_ns(count) // 1_000_000 for count in range(3)] == adds_ms


def test_the_number_of_runs_is_unlimited_warned_of_or_refused() -> None:
    assert [Format().may_start_again(count) for count in (0, 99)] == ["yes", "yes"]
    warned, refused = Format(runs_max_count=2), Format(runs_max_count=2, runs_over="refuse")
    assert [warned.may_start_again(count) for count in (1, 2)] == ["yes", "warn"]
    assert [refused.may_start_again(count) for count in (1, 2)] == ["yes", "no"]


SOURCES = ("pitboard", "sync", "trackside", "display", "firmware_bridge", "venue/demo", "venue/set_up")
EVENT_RULES = {"run_ms", "lap_min_ms", "resolution_ns"}


def own_numbers(source: Path) -> Iterator[tuple[str, str]]:
    """Yield (class or function, rule) for each rule of an event that the file gives a number of its own."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if (
                    isinstance(line, ast.AnnAssign)
                    and isinstance(line.target, ast.Name)
                    and line.target.id in EVENT_RULES
                    and _is_number(line.value)
                ):
                    yield node.name, line.target.id
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            positional = [*node.args.posonlyargs, *node.args.args]
            defaults = [
                *zip(reversed(positional), reversed(node.args.defaults), strict=False),
                *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
            ]
            for argument, default in defaults:
                if argument.arg in EVENT_RULES and _is_number(default):
                    yield node.name, argument.arg


def _is_number(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value != 0


def test_an_events_defaults_stand_in_one_place() -> None:
    root = Path(__file__).parents[4]
    told = [
        (str(path.relative_to(root)), *found)
        for folder in SOURCES
        for path in sorted((root / folder).rglob("*.py"))
        if any(f"{rule}:" in path.read_text(encoding="utf-8") for rule in EVENT_RULES)
        for found in own_numbers(path)
    ]
    assert told == [
        ("pitboard/race/bodies/formats.py", "TimingRules", "run_ms"),
        ("pitboard/race/bodies/formats.py", "TimingRules", "lap_min_ms"),
    ]
    said = EventConfigured(name="Any")
    for rules in (Format(name="Any"), DEFAULT_FORMAT):
        assert (said.run_ms, said.lap_min_ms, said.resolution_ns) == (
            *(rules.run_ms, rules.lap_min_ms),
            rules.resolution_ns,
        )
