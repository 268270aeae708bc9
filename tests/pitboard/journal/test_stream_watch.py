"""What the streams say about the machines that wrote them, as sentences people see."""

from __future__ import annotations

from pitboard.clock import ScriptedClock
from pitboard.journal.kinds import StreamOpened, read_body
from pitboard.journal.record import Record
from pitboard.journal.stream_watch import StreamWatch
from pitboard.race.bodies import CompetitorRegistered
from tests.race_story import UNIT_A, UNIT_B, Teller

ENROLLED = {UNIT_A.key: "Track A"}


def watch(*records: Record) -> StreamWatch:
    seen = StreamWatch()
    for record in records:
        body = read_body(record.header.kind, record.body_bytes or b"") if record.seq == 1 else None
        opened = body if isinstance(body, StreamOpened) else None
        seen.see(record.stream, record.seq, record.header.stamp, opened)
    return seen


def machine(clock: ScriptedClock, *earlier: Teller, heads: list[int] | None = None) -> Teller:
    """Start the unit's process: a new stream that names the earlier ones this machine knows."""
    known = {
        teller.writer.stream: head
        for teller, head in zip(earlier, heads or [len(t.records) for t in earlier], strict=True)
    }
    return Teller(UNIT_A, "Track A", clock=clock, earlier=known)


def write(teller: Teller, count: int) -> None:
    for number in range(count):
        teller.say(CompetitorRegistered(competitor_id=f"c{number}", name="x"))


def kinds(*records: Record) -> list[str]:
    return [notice.kind for notice in watch(*records).notices(ENROLLED)]


def test_a_unit_that_simply_restarts_gives_no_notice() -> None:
    clock = ScriptedClock()
    first = machine(clock)
    write(first, 5)
    second = machine(clock, first)
    write(second, 5)
    assert kinds(*first.records, *second.records) == []


def test_an_old_card_image_is_told_with_the_number_of_records_it_forgot() -> None:
    clock = ScriptedClock()
    first = machine(clock)
    write(first, 10)
    second = machine(clock, first, heads=[7])
    notices = watch(*first.records, *second.records).notices(ENROLLED)
    assert [notice.sentence for notice in notices] == [
        "Track A came back with older data and did not know 4 of its own records. "
        "They are kept here and go back to it."
    ]


def test_a_cloned_card_in_a_second_machine_is_told() -> None:
    clock = ScriptedClock()
    original = machine(clock)
    write(original, 5)
    clone = machine(clock, original)
    write(clone, 3)
    clock.advance(ms=60_000)
    write(original, 1)
    assert kinds(*original.records, *clone.records) == ["two-machines"]


def test_once_one_of_two_machines_is_off_the_notice_goes() -> None:
    clock = ScriptedClock()
    original = machine(clock)
    clone = machine(clock, original)
    clock.advance(ms=60_000)
    write(original, 1)
    replaced = machine(clock, original, clone)
    write(replaced, 2)
    assert kinds(*original.records, *clone.records, *replaced.records) == []


def test_records_that_nobody_has_are_counted_until_they_arrive() -> None:
    clock = ScriptedClock()
    first = machine(clock)
    write(first, 10)
    second = machine(clock, first)
    assert kinds(*first.records[:4], *second.records) == ["records-missing"]
    assert kinds(*second.records) == ["records-missing"]
    assert kinds(*first.records, *second.records) == []


def test_two_units_under_one_name_are_told() -> None:
    notices = StreamWatch().notices({UNIT_A.key: "Track A", UNIT_B.key: "Track A"})
    assert [notice.sentence for notice in notices] == [
        "Two units are called Track A. Give one of them another name."
    ]


def test_a_machine_that_is_not_enrolled_gives_no_notice() -> None:
    first = machine(ScriptedClock())
    second = machine(ScriptedClock(), first, heads=[9])
    assert watch(*first.records, *second.records).notices({}) == []
