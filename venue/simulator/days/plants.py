"""Faults planted on purpose, to see that the simulator would notice them.

Each replaces one method of the real program, for the length of a day, by what a hasty developer might have
written. Nothing in the program itself knows of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

import pitboard.journal.folding.fold
import pitboard.journal.streams.ledger
import pitboard.race.passings.missed
import pitboard.race.race_state
import pitboard.race.runs.laps
import pitboard.race.runs.run
import pitboard.race.runs.verdicts
from display.following.heard_source import HeardSource
from display.following.source_choice import Candidate, SourceChoice
from firmware_bridge.decoders.device_numbers import CarNumbers
from firmware_bridge.makers.device_clock import ClockStamp, DeviceClock
from firmware_bridge.makers.gpio_maker import GpioMaker
from firmware_bridge.watch.systems_watch import GateSystems
from pitboard.errors import PeerLost, RecordRefused
from pitboard.journal.disk.storage import Held
from pitboard.journal.records.record import HybridClock, Record, StreamWriter, from_wire
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.streams.ledger import Arrival, Ledger
from pitboard.journal.streams.witness import Witness
from pitboard.journal.taking_in import Acceptance
from pitboard.race.passings.attribution import NOTHING_SAID
from pitboard.race.passings.two_systems import CalculatedTime, Sighting, calculate
from pitboard.race.race_state import RaceState
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.boards import Boards
from pitboard.race.ranking.teams import TeamStanding, team_standings
from pitboard.race.runs.laps import DrivenLap
from pitboard.race.runs.run import Run
from pitboard.race.stages.day_schedule import DaySchedule
from pitboard.race.stages.heats import LaneHeat, lane_heats
from pitboard.race.words.word import LastWord, Said, Statement, Statements, Subject, Word
from pitboard.unit_api.official_acts import AnyAct, Register
from sync.exchanging.exchange import SyncRequest
from sync.exchanging.pump import Pump
from trackside.timing.act_writer import ActWriter
from trackside.timing.run_control import RunControl
from venue.simulator.cast import people
from venue.simulator.cast.beam import Bridge, TruePassing
from venue.simulator.cast.people import Official
from venue.simulator.judging import programme_judge
from venue.simulator.world.simulated_disk import SimulatedStorage

Override = tuple[Any, str, Any]
"""(module or class, name of the attribute, what stands there instead)"""


@contextlib.contextmanager
def overridden(overrides: Sequence[Override]) -> Iterator[None]:
    """Apply the overrides in order and take them back at the end."""
    former = []
    for owner, name, replacement in overrides:
        former.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, replacement)
    try:
        yield
    finally:
        for owner, name, original in reversed(former):
            setattr(owner, name, original)


@dataclass(frozen=True, slots=True)
class Plant:
    """`overrides` makes the replacements anew for each day."""

    name: str
    sentence: str
    overrides: Callable[[], list[Override]]


def _reuse_stream_ids() -> list[Override]:
    open_stream = Replica.open_stream

    async def go_on(
        replica: Replica, identity: Any, name: str, *, stream: str | None = None
    ) -> WritingReplica:
        """Continue the last stream of this key where the disk has it, instead of opening a new one."""
        earlier = list(replica._ledger.streams_of(identity.key).items())
        if not earlier:
            return await open_stream(replica, identity, name, stream=stream)
        last, head = earlier[-1]
        writer = StreamWriter(identity, replica._hybrid_clock, stream=last)
        writer._seq, writer._previous = head, replica._ledger.hash_at(last, head).hex()
        return replica.writing(writer)

    return [(Replica, "open_stream", go_on)]


def _keep_a_cursor() -> list[Override]:
    async def run(pump: Pump) -> None:
        """Believe that what was sent has arrived, and never ask again."""
        cursor: dict[str, int] = {}
        while True:
            try:
                news = await pump._source.sync(SyncRequest(have=cursor, wait_ms=pump._wait_ms))
                cursor = dict(news.have) if not news.records else _heads_after(cursor, news.records)
                await pump._target.sync(SyncRequest(records=news.records))
            except PeerLost:
                await asyncio.sleep(0.5)

    return [(Pump, "run", run)]


def _heads_after(cursor: dict[str, int], wires: Sequence[Any]) -> dict[str, int]:
    records = [from_wire(wire) for wire in wires if _parses(wire)]
    return {**cursor, **{record.stream: record.seq for record in records}}


def _parses(wire: Any) -> bool:
    try:
        from_wire(wire)
    except RecordRefused:
        return False
    return True


def _acknowledge_before_sync() -> list[Override]:
    async def append(storage: SimulatedStorage, records: Sequence[Record]) -> list[Held]:
        if records:
            storage._queue.append((records, storage._loop.create_future()))
            storage._begin()
        return [Held(storage._arrivals, record.header_hash) for record in records]

    return [(SimulatedStorage, "append", append)]


def _skip_the_gap_check() -> list[Override]:
    judge = Ledger.judge

    def lax_judge(ledger: Ledger, record: Record) -> Arrival:
        arrival = judge(ledger, record)
        return Arrival.NEXT if arrival is Arrival.GAP and ledger.head(record.stream) else arrival

    return [(Ledger, "judge", lax_judge), (Replica, "_take", Replica._hand_out)]


def _let_poison_block() -> list[Override]:
    accept = Replica.accept

    async def all_or_nothing(replica: Replica, records: Iterable[Record]) -> Acceptance:
        records = list(records)
        staged = Ledger.on_top_of(replica._ledger)
        for record in records:
            try:
                arrival = staged.judge(record)
            except RecordRefused:
                return Acceptance(refused=len(records))
            if arrival is Arrival.FORK:
                return Acceptance(forked=len(records))
            if arrival is Arrival.NEXT:
                staged.take(record)
        return await accept(replica, records)

    return [(Replica, "accept", all_or_nothing)]


def _fold_by_arrival() -> list[Override]:
    def say(last_word: LastWord[Any], value: Any, word: Word) -> bool:
        last_word._last[word.authority] = Said(value, word)
        last_word.said = last_word._deciding()
        return True

    def in_force(statements: Statements, subject: Subject) -> list[Statement]:
        return [one for one in statements._of.get(subject, ()) if statements.stands(one)]

    return [(LastWord, "say", say), (Statements, "in_force", in_force)]


def _skip_verification() -> list[Override]:
    return [(pitboard.journal.streams.ledger, "check_signature", lambda record, key: None)]


def _journal_contacts() -> list[Override]:
    carry_out = RunControl.carry_out

    async def carry_out_with_contact(run_control: RunControl, act: AnyAct) -> dict[str, str]:
        if isinstance(act, Register) and _last_contacts:
            act = msgspec.structs.replace(act, name=f"{act.name} {_last_contacts[-1]}")
        return await carry_out(run_control, act)

    take_contact = Official._take_contact
    _last_contacts: list[str] = []

    def note_contact(official: Official, name: str) -> None:
        take_contact(official, name)
        _last_contacts.append(official._world.truth.contacts[-2].decode())

    return [(Official, "_take_contact", note_contact), (RunControl, "carry_out", carry_out_with_contact)]


def _delete_by_hold_off() -> list[Override]:
    keeps = Bridge.keeps

    def keep_or_delete(bridge: Bridge, passing: TruePassing) -> bool:
        is_kept = keeps(bridge, passing)
        if not is_kept:
            bridge._raw_log.passings.pop(passing.passing_id, None)
        return is_kept

    return [(Bridge, "keeps", keep_or_delete)]


def _unproven_first() -> list[Override]:
    def in_order(
        choice: SourceChoice, candidates: Sequence[Candidate], *, now_mono_ns: int
    ) -> list[Candidate]:
        """Ask first who was never asked: who failed once can wait."""
        ready = [one for one in candidates if not choice._rests_at(one.url, now_mono_ns)]
        return sorted(ready, key=lambda one: (one.rank, one.url in choice._proven, choice._pause_ns(one.url)))

    def is_known(choice: SourceChoice, candidate: Candidate) -> bool:
        """Keep no room for anybody."""
        return False

    return [(SourceChoice, "in_order", in_order), (SourceChoice, "is_known", is_known)]


def _believe_the_unproven() -> list[Override]:
    async def introduce(source: HeardSource, *_: object) -> None:
        """Follow whoever answers."""
        await source.sync(SyncRequest())

    return [(HeardSource, "introduce", introduce)]


def _believe_every_tick() -> list[Override]:
    def stamp_live(clock: DeviceClock, tick_us: int, received_mono_ns: int, *, boot_id: str) -> ClockStamp:
        """Map the tick to the host's clock, and never doubt that the device's clock runs on."""
        clock.heard(received_mono_ns, boot_id=boot_id)
        if clock._run is None:
            clock._run = clock._begin("", tick_us, received_mono_ns)
        clock._run.ticks.observe(tick_us, received_mono_ns)
        return clock._stamp(clock._run, tick_us)

    return [(DeviceClock, "stamp_live", stamp_live)]


def _put_b_for_a() -> list[Override]:
    def take_as_it_is(missing: Sighting, pairs: Any, **rest: Any) -> CalculatedTime | None:
        """B's time of day stands in A's place."""
        time = calculate(missing, pairs, **rest)
        return None if time is None else replace(time, mono_ns=missing.mono_ns)

    return [(pitboard.race.passings.missed, "calculate", take_as_it_is)]


def _offer_nothing() -> list[Override]:
    return [(pitboard.race.passings.missed, "_missed_at", lambda *_: iter(()))]


def _count_no_miss() -> list[Override]:
    settle = GateSystems.settle

    def pair_only(systems: GateSystems, now_mono_ns: int) -> None:
        """What stands alone is dropped without a word."""
        settle(systems, now_mono_ns)
        systems.missed_counts = {"A": 0, "B": 0}

    return [(GateSystems, "settle", pair_only)]


def _lose_edges_in_silence() -> list[Override]:
    return [(GpioMaker, "_overran", lambda maker, count: None)]


def _pass_over_numbers() -> list[Override]:
    return [(CarNumbers, "lacks_one_before", lambda numbers, number, car: False)]


def _ignore_attribution() -> list[Override]:
    return [(RaceState, "word_on", lambda race, key: NOTHING_SAID)]


def _judge_the_wrong_lap() -> list[Override]:
    judged = pitboard.race.runs.verdicts.judged_laps

    def shifted(laps: Any, rules: Any, *, said: Any, **rest: Any) -> Any:
        """A verdict lands on the lap after the one that was judged."""
        following = {lap.lap_id: later.lap_id for lap, later in itertools.pairwise(laps)}
        moved = {following.get(lap_id, lap_id): word for lap_id, word in said.items()}
        return judged(laps, rules, said=moved, **rest)

    return [(pitboard.race.race_state, "judged_laps", shifted)]


def _let_confirmed_change() -> list[Override]:
    return [(RaceState, "published", lambda race, run: None)]


def _punish_twice() -> list[Override]:
    penalty_of = Run.penalty_of

    def twice(run: Run, place: int) -> tuple[int, int]:
        time_ns, laps = penalty_of(run, place)
        return 2 * time_ns, 2 * laps

    return [(Run, "penalty_of", twice)]


def _mix_up_classes() -> list[Override]:
    set_class = Boards.set_class

    def set_other(boards: Boards, competitor: str, race_class: str) -> None:
        set_class(boards, competitor, {"kids": "pros", "pros": "kids"}.get(race_class, race_class))

    return [(Boards, "set_class", set_other)]


def _repeat_acts() -> list[Override]:
    async def write_again(writer: ActWriter, act: Any, *bodies: Any, same: str = "") -> Any:
        """Nothing knows the request again: what was saved, and not answered, is saved once more."""
        await writer.replica.append(*bodies)
        return bodies[-1]

    return [
        (ActWriter, "done_before", lambda writer, act: None),
        (ActWriter, "waiting", lambda writer, act, same: None),
        (ActWriter, "write", write_again),
    ]


def _cut_without_hash() -> list[Override]:
    def hear_nothing(witness: Witness, record: Record) -> list[str]:
        """A revocation says how far each stream counts, and of whichever history.

        With it goes what central countersigned: a revocation has the same places countersigned once more.
        """
        return []

    return [(Witness, "hear", hear_nothing)]


def _follow_far_stamps() -> list[Override]:
    def observe(clock: HybridClock, stamp: int) -> None:
        clock._last_stamp = max(clock._last_stamp, stamp)

    def observe_central(clock: HybridClock, stamp: int) -> None:
        observe(clock, stamp)

    return [(HybridClock, "observe", observe), (HybridClock, "observe_central", observe_central)]


def _arm_what_is_anothers() -> list[Override]:
    return [(pitboard.race.runs.run, "may_arm", lambda run_id, unit: True)]


def _forget_driven_heats() -> list[Override]:
    def draw_anew(drivers: Sequence[str], lanes: int, driven: Sequence[LaneHeat] = ()) -> list[LaneHeat]:
        return lane_heats(drivers, lanes)

    return [(people, "lane_heats", draw_anew)]


def _let_stars_win() -> list[Override]:
    def by_the_best(board: Board, team_of: Mapping[str, str], member: int) -> list[TeamStanding]:
        return team_standings(board, team_of, 1)

    return [(programme_judge, "team_standings", by_the_best)]


def _keep_sectors() -> list[Override]:
    """The gates of the laps before are taken along."""
    laps_of_segment = pitboard.race.runs.laps._laps_of_segment

    def with_all_before(*arguments: Any) -> Iterator[DrivenLap]:
        before: tuple[tuple[str, int], ...] = ()
        for lap in laps_of_segment(*arguments):
            before = (*before, *lap.sectors)
            yield msgspec.structs.replace(lap, sectors=before)

    return [(pitboard.race.runs.laps, "_laps_of_segment", with_all_before)]


def _go_on_in_a_pause() -> list[Override]:
    return [(DaySchedule, "paused", lambda day, now_ms: day)]


def _let_the_wall_clock_decide() -> list[Override]:
    return [(pitboard.journal.folding.fold, "put_in_order", lambda *arguments: False)]


PLANTS = {
    plant.name: plant
    for plant in (
        Plant("stream-id-reused", "a writer goes on in its last stream after a restart", _reuse_stream_ids),
        Plant(
            "sender-cursor", "the sender notes what it sent instead of asking what is there", _keep_a_cursor
        ),
        Plant("ack-before-sync", "records count as saved before the disk has them", _acknowledge_before_sync),
        Plant("no-gap-check", "a record is taken though one before it is missing", _skip_the_gap_check),
        Plant("poison-blocks", "one bad record makes a node refuse its whole batch", _let_poison_block),
        Plant(
            "fold-by-arrival", "the word that arrives last decides, not the one said last", _fold_by_arrival
        ),
        Plant("attribution-ignored", "what a person says of a passing changes nothing", _ignore_attribution),
        Plant("verdict-on-wrong-lap", "a verdict lands on the lap after", _judge_the_wrong_lap),
        Plant("confirmed-changes", "a confirmed run shows what is derived now", _let_confirmed_change),
        Plant("penalty-twice", "a penalty is added twice", _punish_twice),
        Plant("wrong-class", "competitors stand on the board of another class", _mix_up_classes),
        Plant("act-repeated", "a request sent again is carried out again", _repeat_acts),
        Plant("no-verification", "signatures are not checked", _skip_verification),
        Plant("contact-in-journal", "the e-mail address is written beside the name", _journal_contacts),
        Plant(
            "surer-than-clocks", "a device's tick is believed though its clock was set", _believe_every_tick
        ),
        Plant("b-for-a", "the time of system B stands in A's place as it is", _put_b_for_a),
        Plant("missed-not-offered", "what A missed is not offered", _offer_nothing),
        Plant("missed-not-said", "what one of two systems missed is not counted", _count_no_miss),
        Plant("edge-lost-in-silence", "an edge that was lost is not said of the lap", _lose_edges_in_silence),
        Plant(
            "number-lost-in-silence", "a number that is missing is not said of the lap", _pass_over_numbers
        ),
        Plant(
            "hold-off-deletes", "what the gate holds back is deleted from the raw log", _delete_by_hold_off
        ),
        Plant("unproven-first", "who never proved itself is asked before who did", _unproven_first),
        Plant("cut-without-hash", "a revocation cuts a stream, whose history ever it is", _cut_without_hash),
        Plant("far-stamp-followed", "a clock follows a stamp of 2099 for good", _follow_far_stamps),
        Plant("wall-clock-decides", "a unit's word of a year ahead is its last", _let_the_wall_clock_decide),
        Plant("armed-by-anybody", "a run is of whose arming has the earliest stamp", _arm_what_is_anothers),
        Plant("heats-forgotten", "heats are drawn without those that were driven", _forget_driven_heats),
        Plant("team-by-its-star", "the best member alone makes a team's result", _let_stars_win),
        Plant("pause-forgotten", "a paused day begins the next run", _go_on_in_a_pause),
        Plant("sectors-kept", "a lap has the gates of the laps before too", _keep_sectors),
        Plant("unproven-believed", "a display follows whoever answers", _believe_the_unproven),
    )
}
