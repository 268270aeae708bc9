"""docs/records.md says what every kind says, and the promise of compatibility that it makes holds.

Run this file as a module to write the page's table anew."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KIND_OF, KINDS, WRITERS, read_body
from pitboard.journal.records.record import Record, to_wire
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.body import Act, Body
from pitboard.race.bodies.event_bodies import StageSet
from pitboard.race.bodies.verdict_bodies import SHEET_LAPS_MAX_COUNT, RunSheet
from pitboard.race.stages.stages import plan_of
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols, confirmed_run

PAGE = Path(__file__).parents[4] / "docs" / "records.md"
BEGIN, END = (
    "<!-- kinds: made by tests/pitboard/journal/records/test_record_kinds.py -->\n",
    "<!-- end of kinds -->",
)
OF_EVERY_ACT = ("by", "where", "act_id", "reason")


def table() -> str:
    lines = ["| kind | who may write it | act | fields | |", "|---|---|---|---|---|"]
    for kind, body in KINDS.items():
        is_act = issubclass(body, Act)
        left_out = OF_EVERY_ACT if is_act else ()
        own = " ".join(told for name, told in fields_of(body).items() if name not in left_out)
        who = "admin" if kind in WRITERS else "unit, admin"
        says = " ".join((body.__doc__ or "").split())
        lines.append(f"| `{kind}` | {who} | {'yes' if is_act else ''} | {own} | {says} |")
    lines += ["", "| stands inside | of | fields | |", "|---|---|---|---|"]
    for part, where in parts().items():
        says = " ".join((part.__doc__ or "").split())
        told = " ".join(fields_of(part).values())
        if part.__struct_config__.array_like:
            told = f"a list, in this order: {told}"
        lines.append(f"| {part.__name__} | {' '.join(where)} | {told} | {says} |")
    return "\n".join(lines) + "\n"


def fields_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return {field: its name, with what holds where it is left out}."""
    told = {}
    for field in msgspec.structs.fields(kind):
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        is_needed = default is msgspec.NODEFAULT
        told[field.encode_name] = (
            f"`{field.encode_name}`"
            if is_needed
            else f"`{field.encode_name}={msgspec.json.encode(default).decode()}`"
        )
    return told


def parts() -> dict[type[msgspec.Struct], list[str]]:
    """Return {struct that stands in a body or in another of these: where}."""
    found: dict[type[msgspec.Struct], list[str]] = {}
    waiting: list[tuple[str, type[msgspec.Struct]]] = list(KINDS.items())
    while waiting:
        name, kind = waiting.pop(0)
        for field, hint in get_type_hints(kind).items():
            for part in structs_in(hint):
                if part not in found:
                    waiting.append((part.__name__, part))
                found.setdefault(part, []).append(f"`{name}.{field}`")
    return found


def structs_in(hint: Any) -> list[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [part for inner in get_args(hint) for part in structs_in(inner)]


def test_the_page_has_the_table_of_kinds() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == table()


def race() -> tuple[Teller, Teller]:
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    confirmed_run(unit, "run-1", "ann", start_s=10, laps_s=[5.0, 6.0], first_seq=1)
    return central, unit


def board(*tellers: Teller, extra: list[Record] | None = None) -> bytes:
    fold = Fold(ROOT.key)
    for record in [*(record for teller in tellers for record in teller.records), *(extra or [])]:
        fold.add(record)
    return encode_view(view_board(fold))


def test_a_later_kind_is_kept_and_changes_nothing() -> None:
    central, unit = race()
    before = board(central, unit)
    later = unit.writer.write("weather-forecast", msgspec.Raw(b'{"rain":true}'))
    assert board(central, unit, extra=[later]) == before


@pytest.mark.parametrize("number", range(8))
def test_a_field_that_a_later_version_adds_is_ignored(number: int) -> None:
    """Every body of a race, with fields of a later version in each of its parts, gives the race of today."""
    central, unit = race()
    before = board(central, unit)
    fold = Fold(ROOT.key)
    for record in [*central.records, *unit.records]:
        body = msgspec.json.decode(record.body_bytes or b"{}")
        for part in _parts_of(body):
            part[f"invented_{number}"] = [None, {"deep": ["er"]}, "text", 1.5, True, [], {}, 10**15][number]
        fold.add(msgspec.structs.replace(record, body_bytes=msgspec.json.encode(body)))
    assert encode_view(view_board(fold)) == before


def _parts_of(body: Any) -> list[dict[str, Any]]:
    """Return the body and every object in it; those that are maps by another's id have no fields to add."""
    if isinstance(body, list):
        return [part for one in body for part in _parts_of(one)]
    if not isinstance(body, dict):
        return []
    inner = [value for key, value in body.items() if key != "earlier"]
    return [body, *_parts_of(inner)]


def test_a_setting_of_a_later_version_may_be_of_any_type() -> None:
    settings = {"count": 4, "weights": [1, 2.5], "by": {"deep": ["er"]}, "share": 0.5, "none": None}
    said = {"stage_id": "s", "kind": "knockout", "name": "Finals", "settings": settings}
    body = read_body("stage-set", msgspec.json.encode(said))
    assert isinstance(body, StageSet)
    plan = plan_of(body)
    assert plan is not None
    assert plan.count == 4


class LaterTeller(Teller):
    """A node of a later version: each body has fields that we do not know, and between them are new kinds."""

    def say(self, body: Body) -> Record:
        if self.records:  # a stream begins by saying who writes it, in every version
            later = self.writer.write("weather-forecast", msgspec.Raw(b'{"rain":{"mm":[1,2]}}'))
            self.records.append(later)
        self.clock.advance(ms=1)
        fields = {**msgspec.to_builtins(body), "invented": {"deep": ["er"]}, "invented_too": None}
        record = self.writer.write(KIND_OF[type(body)], msgspec.Raw(msgspec.json.encode(fields)))
        self.records.append(record)
        return record


def test_a_journal_of_a_later_version_is_read_and_handed_on_as_it_was_signed(tmp_path: Path) -> None:
    central, unit = central_enrols(UNIT_A), LaterTeller(UNIT_A, "Track A")
    confirmed_run(unit, "run-1", "ann", start_s=10, laps_s=[5.0, 6.0], first_seq=1)
    wanted = [*central.records, *unit.records]

    async def reopened(name: str, records: list[Record]) -> list[Record]:
        """Take the records into a file; return what a start from that file hands to who has nothing."""
        path, clock = tmp_path / name, ScriptedClock()
        async with Replica.open(path, root_key=ROOT.key, clock=clock) as replica:
            assert (await replica.accept(records)).refused == 0
        async with Replica.open(path, root_key=ROOT.key, clock=clock) as replica:
            assert encode_view(view_board(replica.fold)) == board(*race())
            return await replica.beyond({})

    handed_on = asyncio.run(reopened("first.db", wanted))
    assert sorted(map(to_wire, handed_on), key=repr) == sorted(map(to_wire, wanted), key=repr)
    asyncio.run(reopened("second.db", handed_on))  # a node that has all of it from us alone


def test_a_word_of_a_later_version_in_an_open_set_is_kept() -> None:
    passing = {
        "sensor": "s",
        "sensor_boot": "b",
        "seq": 1,
        "track": "1",
        "boot_id": "x",
        "mono_ns": 1,
        "uncertainty_ns": 1,
        "received_mono_ns": 1,
    }
    for key, word in (("gate", "pit-lane"), ("system", "C"), ("flag", "moonlight")):
        body = read_body("passing", msgspec.json.encode({**passing, key: word}))
        assert getattr(body, key) == word


def test_a_word_of_a_later_version_in_a_closed_set_makes_a_body_that_is_kept_and_not_folded() -> None:
    central, unit = race()
    before = board(central, unit)
    bodies = [
        ("run-decided", b'{"run_id":"run-1","decision":"annulled-by-jury"}'),
        ("lap-judged", b'{"run_id":"run-1","lap_id":"x","verdict":"perhaps"}'),
        ("place-judged", b'{"run_id":"run-1","place":1,"status":"abducted"}'),
    ]
    for kind, body_bytes in bodies:
        assert read_body(kind, body_bytes) is None
    later = [unit.writer.write(kind, msgspec.Raw(content)) for kind, content in bodies]
    assert board(central, unit, extra=later) == before


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(head + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")


def sheet_with(laps: object) -> bytes:
    return msgspec.json.encode({"run_id": "r", "sheet_id": "s", "place": 1, "laps": laps})


LAP = ["beam-1/0badcafe/12345", 9_512_345_678, True, 123_456_789_012, 0, 0]


def test_a_sheets_laps_take_little_more_memory_than_their_text() -> None:
    """A day of 100,000 records has 80,000 of them: as values they took 13 MiB more."""
    body_bytes = sheet_with([LAP] * SHEET_LAPS_MAX_COUNT)
    read_body("run-sheet", body_bytes)
    tracemalloc.start()
    try:
        sheets = [read_body("run-sheet", body_bytes) for _ in range(20)]
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(isinstance(one, RunSheet) and len(one.seen_laps) == SHEET_LAPS_MAX_COUNT for one in sheets)
    assert held_bytes / len(sheets) < 1.3 * len(body_bytes)


@pytest.mark.parametrize(
    "laps",
    [None, 5, {}, [LAP] * (SHEET_LAPS_MAX_COUNT + 1), [[*LAP[:1], -1, *LAP[2:]]], [["", 1, True, 1]], [5]],
)
def test_a_sheet_whose_laps_are_none_is_kept_and_not_folded(laps: object) -> None:
    assert read_body("run-sheet", sheet_with(laps)) is None
