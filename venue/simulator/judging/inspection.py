"""What must hold at the end of a day, once everything is healed and has had time to talk."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import partial

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import read_body
from pitboard.journal.records.record import Record, stamp_utc_ms
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.body import Act
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.ranking.board import Board
from venue.simulator.cast.beam import HOLD_OFF_MS, TruePassing
from venue.simulator.cast.forger import STRANGER
from venue.simulator.cast.node import Node
from venue.simulator.cast.simulated_venue import Venue
from venue.simulator.cast.thief import ROBBER
from venue.simulator.cast.two_systems_line import TwoSystems
from venue.simulator.cast.unit_node import UnitNode
from venue.simulator.judging.lap_oracle import LapOracle, OracleLap, PublishedDrive
from venue.simulator.judging.loop_judge import laps_on_loop, loop_passings
from venue.simulator.judging.order_judge import out_of_order
from venue.simulator.judging.pair_judge import broken_at_pair
from venue.simulator.judging.programme_judge import check_results, check_sectors
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.virtual_loop import RACE_DAY_UTC_MS

STAMP_ERROR_MAX_NS = 2_000
WRONG_CLOCK_MAX_MS = 3 * 366 * 86_400_000


def lagging(venue: Venue) -> str | None:
    """Return who still lacks what another has, None once all agree.

    Streams forked on purpose stay different, and of a stranger's each node keeps as much as it likes.
    """
    truth = venue.world.truth
    stranger = identity_named(STRANGER).key
    wanted: dict[str, int] = {}
    for node in venue.writers():
        for stream, head in node.disk.heads.items():
            is_forked = stream in truth.forked and stream not in truth.rewritten
            if not is_forked and truth.owner_of(stream) != stranger:
                wanted[stream] = max(head, wanted.get(stream, 0))
    for node in venue.nodes:
        if not node.is_up:
            return f"{node.name} is not up"
        have = node.replica.have()
        for stream, head in wanted.items():
            if have.get(stream, 0) < head and not may_lack(venue, node, stream):
                return f"{node.name} has {stream[:8]}/{have.get(stream, 0)} of {head}"
        for stream, head in have.items():
            if node.disk.heads.get(stream, 0) < head:  # a display's has it a moment after the display
                return f"{node.name}'s disk has {stream[:8]}/{node.disk.heads.get(stream, 0)} of {head}"
        for stream in sorted(truth.rewritten):
            if stream not in venue.central.disk.heads or may_lack(venue, node, stream):
                continue  # lost with central's card before anybody else had it
            last = (stream, venue.central.disk.heads[stream])
            if node.disk.records[last].header_hash != venue.central.disk.records[last].header_hash:
                return f"{node.name} has another history of {stream[:8]} than central"
    return None


def may_lack(venue: Venue, node: Node, stream: str) -> bool:
    """Return whether a thief's history of the stream stands before the true one, here or where the node takes
    its records from, and central never said which is true.

    Units take them from central, displays from any writer.
    """
    central = venue.central
    if central.replica.witnessed(stream) >= central.disk.heads.get(stream, 0):
        return False
    sources = venue.writers() if node in venue.displays else [central]
    return any((one.name, stream) in venue.world.truth.misled for one in (node, *sources))


def inspect(venue: Venue) -> None:
    """Report every promise that does not hold at the end of the day."""
    truth = venue.world.truth
    for node in venue.writers():
        truth.check_acknowledged(node.name, node.disk, partial(may_lack, venue, node))
    for node in venue.nodes:
        node.board()
        _check_erased(venue, node)
    _check_order(venue, venue.central)
    _check_order(venue, venue.world.chance.choice([one for one in venue.nodes if not one.is_older]))
    _check_laps(venue)
    _check_acts(venue)
    _check_order_of_acts(venue)
    journal = _passings_by_key(venue, venue.central.disk.records.values())
    true_passings: dict[str, TruePassing] = {}
    for unit in venue.units:
        true_passings |= unit.sensor.acknowledged
        if not _is_misled_about(venue, unit):
            _check_passings(venue, unit, journal.get(unit.identity.key, set()))
    _check_lap_times(venue, true_passings)
    check_sectors(venue, true_passings)
    _check_loop(venue)
    _check_pair(venue)
    _check_thief(venue)
    _check_whose_runs(venue)
    _check_stamps(venue)


def _check_acts(venue: Venue) -> None:
    """A request that was sent again is one record of its writer's stream."""
    written: dict[tuple[str, str], int] = {}
    for record in venue.central.disk.records.values():
        body = read_body(record.header.kind, record.body_bytes or b"")
        if isinstance(body, Act) and body.act_id:
            key = (record.stream, body.act_id)
            written[key] = written.get(key, 0) + 1
    for (stream, act_id), count in written.items():
        if count > 1:
            sentence = f"stream {stream[:8]} has act {act_id} {count} times"
            venue.world.truth.violate("one-record-for-one-act", sentence)


def _check_order_of_acts(venue: Venue) -> None:
    """One official's words stand in the order said, though the clock was a year ahead for some."""
    for node in venue.nodes:
        for unit in venue.units:
            if not node.is_older and not _is_misled_about(venue, unit):
                for sentence in out_of_order(node, unit.identity.key):
                    venue.world.truth.violate("acts-in-the-order-said", sentence)


def _check_thief(venue: Venue) -> None:
    """Once he is revoked, nothing that he wrote counts anywhere, whichever history came first."""
    thief = venue.thief
    if thief is None:
        return
    for node in venue.nodes:
        race = node.replica.fold.race
        is_believed = any(race.name_of(competitor) == ROBBER for competitor in race.competitors)
        if is_believed and node.replica.fold.roster.is_revoked(thief.key):
            venue.world.truth.violate("revoked-thief-counts-nothing", f"{node.name} believes him")


def _check_whose_runs(venue: Venue) -> None:
    """A run is its unit's, whoever said later that he had armed it, and how early ever.

    The forger's ids name nobody, as those of a former version; such a run is of who armed it first.
    """
    armed_first = venue.world.truth.runs
    for node in venue.nodes:
        for run in node.replica.fold.race.runs.values():
            if "." in run.run_id and run.unit != armed_first[run.run_id]:
                sentence = f"{node.name} takes run {run.run_id} for another's"
                venue.world.truth.violate("a-run-is-its-units", sentence)


def _check_stamps(venue: Venue) -> None:
    """Whatever stamps a thief wrote, nobody's clock is carried away by them for good."""
    for node in venue.nodes:
        next_ms = stamp_utc_ms(node.replica._hybrid_clock.next_stamp())
        if next_ms > RACE_DAY_UTC_MS + WRONG_CLOCK_MAX_MS:
            venue.world.truth.violate("far-stamps-are-not-followed", f"{node.name} would stamp {next_ms}")


def _check_erased(venue: Venue, node: Node) -> None:
    """No disk keeps a body that an erasure names."""
    for place in sorted(node.replica.fold.erased_places):
        record = node.disk.records.get(place)
        if record is not None and record.body_bytes is not None:
            sentence = f"{node.name} keeps the body of {place[0][:8]}/{place[1]}"
            venue.world.truth.violate("erased-stays-erased", sentence)


def _check_order(venue: Venue, node: Node) -> None:
    """Fold the node's own records in another order, some twice: the board must be the one it shows."""
    chance = venue.world.chance
    records = list(node.disk.records.values())
    records += [chance.choice(records) for _ in range(len(records) // 8)]
    chance.shuffle(records)
    fold = Fold(node.root_key)
    if chance.random() < 0.5:
        _disown(fold, node)
    for number, record in enumerate(records):
        fold.add(record)
        if number % 20 == 0:
            view_board(fold)  # what is drawn in between must change nothing
    _disown(fold, node)
    board = encode_view(view_board(fold))
    shown = encode_view(view_board(node.replica.fold))
    if board != shown:
        venue.world.truth.violate(
            "order-and-repetition-change-nothing",
            f"{node.name}: another order gives {_first_difference(shown, board)}",
        )


def _disown(fold: Fold, node: Node) -> None:
    for stream, seq in sorted(node.replica.fold.limits.items()):
        fold.limit(stream, seq)


def _check_laps(venue: Venue) -> None:
    """Every lap that was driven is on the board, void, corrected or waiting: the oracle says which."""
    truth, fold = venue.world.truth, venue.central.replica.fold
    oracle = LapOracle(venue.central.disk.records.values(), venue.central.root_key)
    if sorted(fold.race.runs) != oracle.runs:
        truth.violate("laps-conserved", f"runs {sorted(fold.race.runs)}, armed were {oracle.runs}")
    confirmed: dict[str, list[PublishedDrive]] = {}
    for run in oracle.runs:
        laps = oracle.laps(run)
        folded = [
            OracleLap(lap.place, lap.lap_id, lap.lap_ns, lap.measured_ns, lap.counts, lap.verdict)
            for lap in fold.race.laps(run)
        ]
        if laps != folded:
            truth.violate("laps-conserved", f"run {run}: driven {laps}, folded {folded}")
        for lap in folded:
            if lap.lap_ns < 0 or lap.measured_ns < 0:
                truth.violate("no-negative-lap", f"run {run}: {lap}")
        _check_penalties(venue, oracle, run)
        held = fold.race.runs.get(run)
        if held is None or oracle.decision(run) != held.decision:
            truth.violate("laps-conserved", f"run {run} is {oracle.decision(run)}")
        for competitor, published in (oracle.published(run) or {}).items():
            confirmed.setdefault(competitor, []).append(published)
    for race_class in ("", *(one.race_class for one in fold.race.programme.classes())):
        board = fold.board_of(race_class=race_class)
        own = {
            one: runs
            for one, runs in confirmed.items()
            if not race_class or oracle.race_class(one) == race_class
        }
        _check_board(venue, board, own, race_class)
    check_results(venue, oracle, confirmed)


def _check_penalties(venue: Venue, oracle: LapOracle, run: str) -> None:
    wanted = oracle.penalties(run)
    for place in venue.central.replica.fold.race.driven(run):
        given = (place.penalty_ns, place.penalty_laps)
        if given != wanted.get(place.place, (0, 0)):
            sentence = f"run {run}: place {place.place} has {given}, given were {wanted}"
            venue.world.truth.violate("each-penalty-once", sentence)


def _check_board(
    venue: Venue, board: Board, confirmed: dict[str, list[PublishedDrive]], race_class: str
) -> None:
    """The board has of each competitor just what was confirmed, and the best of it."""
    resolution_ns = board.rules.resolution_ns
    on_board = {one.competitor: one for one in board.in_order()}
    laps = {one: sum(counts for run in runs for _, counts in run.laps) for one, runs in confirmed.items()}
    if {one: standing.laps for one, standing in on_board.items()} != laps:
        sentence = f"board '{race_class}' has {sorted(on_board)}, confirmed were {laps}"
        venue.world.truth.violate("laps-conserved", sentence)
        return
    for one, runs in confirmed.items():
        times = [
            (lap_ns + run.penalty_ns) // resolution_ns * resolution_ns
            for run in runs
            if run.may_rank
            for lap_ns, counts in run.laps
            if counts
        ]
        if not times:  # what is shown beside a missing rank is nothing to stand by
            if board.rank_of(on_board[one]) is not None:
                venue.world.truth.violate("best-is-the-best", f"{one} has a rank without a result")
            continue
        shown = next((column.value for column in on_board[one].columns if column.code == "best"), None)
        if shown != min(times):
            venue.world.truth.violate("best-is-the-best", f"{one} has {shown} of {sorted(times)}")


def _check_passings(venue: Venue, unit: UnitNode, journaled: set[str]) -> None:
    """Whatever the sensor could forget is in the journal, or held back with evidence beside it."""
    truth = venue.world.truth
    passed = [passing for passing in unit.raw_log.passings.values() if passing.passing_id in journaled]
    for passing in unit.sensor.acknowledged.values():
        if passing.passing_id in journaled:
            continue
        has_neighbour = any(
            other.boot_id == passing.boot_id
            and abs(other.mono_ns - passing.mono_ns) < HOLD_OFF_MS * 1_000_000
            for other in passed
        )
        if passing.passing_id not in unit.raw_log.passings or not has_neighbour:
            truth.violate(
                "passings-conserved",
                f"{unit.name}: {passing.passing_id} is neither a passing nor held back with evidence",
            )


def _is_misled_about(venue: Venue, unit: UnitNode) -> bool:
    """Return whether central, from an old backup, met a thief's history of the unit before the unit's own."""
    truth = venue.world.truth
    return any(
        node == venue.central.name and truth.owner_of(stream) == unit.identity.key
        for node, stream in truth.misled
    )


def _check_lap_times(venue: Venue, true_passings: dict[str, TruePassing]) -> None:
    """A lap is as long as it was in truth, whatever the wall clocks did meanwhile."""
    race = venue.central.replica.fold.race
    for run in race.runs.values():
        if run.is_start_to_finish or run.pauses:
            continue  # there a lap is not the time between two passings in a row
        for place in run.places:
            laps = {lap.lap_id: lap for lap in race.laps(run.run_id, place.place)}
            for segment in race.segments(run, place.place):
                finishes = [one.passing_id for one in segment.passings if one.body.gate == "finish"]
                for opening, closing in itertools.pairwise(finishes):
                    lap = laps.get(closing)
                    if lap is None or opening not in true_passings or closing not in true_passings:
                        continue
                    true_ns = true_passings[closing].true_ns - true_passings[opening].true_ns
                    if abs(lap.measured_ns - true_ns) > STAMP_ERROR_MAX_NS:
                        sentence = f"lap {closing} took {true_ns} ns, measured {lap.measured_ns}"
                        venue.world.truth.violate("clock-steps-change-no-lap", sentence)


def _check_loop(venue: Venue) -> None:
    """A lap of a device whose clock is set is the one driven, within what it claims."""
    truth = venue.world.truth
    owners = {stream: truth.owner_of(stream) or "" for stream in venue.central.disk.heads}
    true_ns_of: dict[str, dict[tuple[str, int], int]] = {}
    for unit in venue.units:
        true_ns_of.setdefault(unit.identity.key, {}).update(unit.loop_device.true_ns_in)
    journal = loop_passings(venue.central.disk.records.values(), owners, true_ns_of)
    for (key, boot_id), passings in journal.items():
        for driven_ns, timed in laps_on_loop(passings):
            if abs(timed.lap_ns - driven_ns) > timed.uncertainty_ns:
                sentence = f"{key[:8]} {boot_id[:8]}: {driven_ns} ns were driven, timed was {timed}"
                truth.violate("no-lap-surer-than-its-clocks-agree", sentence)


def _check_pair(venue: Venue) -> None:
    """What one of two systems missed is offered or said, and the calculated time is what it claims to be."""
    truth = venue.world.truth
    lines: dict[str, list[TwoSystems]] = {}
    for unit in venue.units:
        if unit.pair_line is not None:
            lines.setdefault(unit.identity.key, []).append(unit.pair_line)
    if lines:
        owners = {stream: truth.owner_of(stream) or "" for stream in venue.central.disk.heads}
        for invariant, sentence in broken_at_pair(venue.central.disk.records.values(), owners, lines):
            truth.violate(invariant, sentence)


def _passings_by_key(venue: Venue, records: Iterable[Record]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for record in records:
        if record.header.kind == "passing" and record.body_bytes is not None:
            body = read_body("passing", record.body_bytes)
            if isinstance(body, PassingRecorded):
                key = venue.world.truth.owner_of(record.stream) or ""
                found.setdefault(key, set()).add(body.passing_id)
    return found


def _first_difference(one: bytes, other: bytes) -> str:
    at = next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{other[max(0, at - 80) : at + 80]!r} instead of {one[max(0, at - 80) : at + 80]!r}"
