"""What the streams say about the machines that wrote them, as sentences people see."""

from __future__ import annotations

from collections.abc import Mapping

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import StreamOpened, read_body
from pitboard.journal.records.record import Record, stamp_utc_ms
from pitboard.journal.streams.stream_watch import SILENT_AFTER_MS, Notice, StreamWatch
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.sentences.language import language
from tests.race_story import UNIT_A, UNIT_B, Teller
from trackside.timing.lights import notice_sentence

YEAR_MS = 365 * 24 * 3_600_000
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


def said(notice: Notice, *, places: Mapping[str, list[str]] | None = None) -> str:
    return language().tell([notice_sentence(notice, places=places)])


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
    assert [said(notice) for notice in notices] == [
        "Track A came back with older data and did not know 4 of its own records. "
        "They are kept here and go back to it."
    ]


def test_the_newest_stream_is_told_by_who_knew_whom_however_wrong_the_clock_was() -> None:
    """A machine whose clock was a year ahead came back with older data and the right time."""
    clock = ScriptedClock()
    clock.advance(ms=YEAR_MS)
    first = machine(clock)
    write(first, 10)
    right = ScriptedClock()
    second = machine(right, first, heads=[7])
    write(second, 2)
    third = machine(right, second)
    write(third, 30)
    for records in (
        [*first.records, *second.records, *third.records],
        [*third.records, *second.records, *first.records],
    ):
        (notice,) = watch(*records).notices(ENROLLED)
        assert (notice.kind, notice.count) == ("came-back-older", 4)
    seen = watch(*first.records, *second.records, *third.records)
    seen.forget_beyond(third.writer.stream, 0)  # another history of it comes
    seen.forget_beyond(second.writer.stream, 0)
    two = seen.notices({UNIT_A.key: "Track A", UNIT_B.key: "Track A"})[-1]
    assert [one.stream for one in two.machines] == [first.writer.stream]


def test_streams_that_name_each_other_in_a_circle_are_told_by_their_stamps() -> None:
    seen = StreamWatch()
    for stream, other, stamp in (("a", "b", 1), ("b", "a", 2)):
        seen.see(
            stream, 1, stamp, StreamOpened(key=UNIT_A.key, name="Track A", boot_id="b", earlier={other: 1})
        )
    two = seen.notices({UNIT_A.key: "Track A", UNIT_B.key: "Track A"})[-1]
    assert [one.stream for one in two.machines] == ["b"]


def test_a_cloned_card_in_a_second_machine_is_told() -> None:
    clock = ScriptedClock()
    original = machine(clock)
    write(original, 5)
    clone = machine(clock, original)
    write(clone, 3)
    clock.advance(ms=60_000)
    write(original, 1)
    assert kinds(*original.records, *clone.records) == ["two-machines"]


def test_two_machines_are_told_apart_by_when_they_started_and_last_wrote() -> None:
    clock = ScriptedClock()
    original = machine(clock)
    clock.advance(ms=3_600_000)
    clone = machine(clock, original)
    clock.advance(ms=60_000)
    write(original, 1)
    write(clone, 1)
    (notice,) = watch(*original.records, *clone.records).notices(ENROLLED, now_utc_ms=clock.utc_ms())
    began_s = ScriptedClock().utc_ms() // 1_000
    assert {one.stream: one.opened_utc_ms // 1_000 - began_s for one in notice.machines} == {
        original.writer.stream: 0,
        clone.writer.stream: 3_600,
    }
    elsewhere = notice_sentence(notice, places={UNIT_A.key: ["10.0.0.5", "10.0.0.7"]})
    assert elsewhere.code == "light.two-machines"
    assert "Heard at 10.0.0.5, 10.0.0.7." in said(notice, places={UNIT_A.key: ["10.0.0.5", "10.0.0.7"]})
    here = notice_sentence(notice, own_stream=original.writer.stream)
    assert here.code == "light.two-machines.here"
    assert here.fields["since1"] == notice_sentence(notice, own_stream=clone.writer.stream).fields["since2"]


def test_two_machines_are_told_until_one_has_been_silent_for_ten_minutes() -> None:
    clock = ScriptedClock()
    original = machine(clock)
    clone = machine(clock, original)
    clock.advance(ms=60_000)
    write(original, 1)
    clone_wrote_ms = stamp_utc_ms(clone.records[-1].header.stamp)
    seen = watch(*original.records, *clone.records)
    kind = [notice.kind for notice in seen.notices(ENROLLED, now_utc_ms=clone_wrote_ms + SILENT_AFTER_MS)]
    assert kind == ["two-machines"]
    assert seen.notices(ENROLLED, now_utc_ms=clone_wrote_ms + SILENT_AFTER_MS + 1) == []
    clock.advance(ms=SILENT_AFTER_MS)
    write(original, 1)
    late = watch(*original.records, *clone.records)
    assert late.notices(ENROLLED) == []  # on a machine whose clock nobody set, the other's records tell
    write(clone, 1)
    back = watch(*original.records, *clone.records)
    assert [one.kind for one in back.notices(ENROLLED, now_utc_ms=clock.utc_ms())] == ["two-machines"]


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
    assert [said(notice) for notice in notices] == [
        "Two units are called Track A. Does one replace the other? Revoke the old key at central. "
        "Do both race? Enrol one under another name."
    ]


def test_of_two_units_under_one_name_the_keys_and_their_last_words_are_told() -> None:
    clock = ScriptedClock()
    old = Teller(UNIT_A, "Track A", clock=clock)
    clock.advance(ms=7_200_000)
    new = Teller(UNIT_B, "Track A", clock=clock)
    enrolled = {UNIT_A.key: "Track A", UNIT_B.key: "Track A"}
    (notice,) = watch(*old.records, *new.records).notices(enrolled)
    assert [one.key for one in notice.machines] == [UNIT_B.key, UNIT_A.key]
    fields = notice_sentence(notice).fields
    assert {fields["key1"], fields["key2"]} == {UNIT_A.key[:8], UNIT_B.key[:8]}


def test_a_machine_that_is_not_enrolled_gives_no_notice() -> None:
    first = machine(ScriptedClock())
    second = machine(ScriptedClock(), first, heads=[9])
    assert watch(*first.records, *second.records).notices({}) == []
