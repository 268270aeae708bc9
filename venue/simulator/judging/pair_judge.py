"""Two systems at one line, judged by the journal: what A missed is offered, what was lost is said.

It asks the core's own offers, and only the simulator's truth for what is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from pitboard.journal.records.kinds import read_body
from pitboard.journal.records.record import Record
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.attribution import TimedPassing, recorded_passing, settled_passings
from pitboard.race.passings.device_clocks import lap_time
from pitboard.race.passings.missed import offers_of
from pitboard.race.passings.settling import settle
from pitboard.race.words.word import Authority, Word
from venue.simulator.cast.two_systems_line import PAIR_TRACK, UNSEEN_FLAGS, TwoSystems

RESOLUTION_NS = 1_000_000
STAMP_ERROR_NS = 100_000
Broken = tuple[str, str]
"""(invariant, sentence)"""


def broken_at_pair(
    records: Iterable[Record], owner_of: Mapping[str, str], lines: Mapping[str, list[TwoSystems]]
) -> Iterator[Broken]:
    """Yield what does not hold of the lines of each unit key."""
    journal: dict[tuple[str, str], dict[str, PassingRecorded]] = {}
    for record in records:
        if record.header.kind != "passing" or record.body_bytes is None:
            continue
        body = read_body("passing", record.body_bytes)
        if isinstance(body, PassingRecorded) and body.track == PAIR_TRACK:
            place = (owner_of.get(record.stream, ""), body.boot_id)
            journal.setdefault(place, {}).setdefault(body.passing_id, body)
    for (key, boot_id), bodies in journal.items():
        for line in lines.get(key, []):
            cars = {name: car for (boot, name), car in line.car_of.items() if boot == boot_id}
            if any(name in bodies for name in cars):
                yield from _broken_on_line(line, boot_id, cars, bodies)


def _broken_on_line(
    line: TwoSystems, boot_id: str, cars: Mapping[str, int], bodies: Mapping[str, PassingRecorded]
) -> Iterator[Broken]:
    seen: dict[str, dict[int, PassingRecorded]] = {"A": {}, "B": {}}
    for name, body in bodies.items():
        if name in cars:
            seen[body.system][cars[name]] = body
    yield from _broken_offers(line, boot_id, seen, bodies)
    for system, of_system in seen.items():
        yield from _silent_losses(line, system, sorted(of_system.items()))


def _broken_offers(
    line: TwoSystems,
    boot_id: str,
    seen: Mapping[str, Mapping[int, PassingRecorded]],
    bodies: Mapping[str, PassingRecorded],
) -> Iterator[Broken]:
    word = Word(Authority.TIMEKEEPER, 1, "s", 1)
    passings: list[TimedPassing] = settled_passings(
        [recorded_passing(body, word, "unit") for body in bodies.values()]
    )
    has_pairs = bool(seen["A"].keys() & seen["B"].keys())
    for number in sorted(seen["B"].keys() - seen["A"].keys()):
        car, body = line.cars[number], seen["B"][number]
        key = next(one.key for one in passings if one.passing_id == body.passing_id)
        offers = offers_of(passings, within={key}, places=(), boot_id=boot_id, resolution_ns=RESOLUTION_NS)
        if not offers and has_pairs:
            yield "a-missed-car-is-never-silent", f"car {number}, {body.passing_id}, is not offered"
        for offer in offers:
            off_ns = abs(offer.time.mono_ns - car.mono_ns)
            if off_ns > offer.time.uncertainty_ns + STAMP_ERROR_NS:
                sentence = f"car {number}: off by {off_ns} ns, it says {offer.time.uncertainty_ns}"
                yield "calculated-within-its-uncertainty", sentence


def _silent_losses(
    line: TwoSystems, system: str, seen: list[tuple[int, PassingRecorded]]
) -> Iterator[Broken]:
    """Yield laps that a sensor knows it may have missed a car of, and does not say so."""
    settled = settle([body for _, body in seen])
    for (before, opening), (after, closing) in pairwise(zip(seen, settled, strict=True)):
        if before[1].sensor_boot != after[1].sensor_boot:
            continue
        lost = [line.cars[number].mishaps[system] for number in range(before[0] + 1, after[0])]  # type: ignore[index]
        known = {UNSEEN_FLAGS[mishap] for mishap in lost if mishap in UNSEEN_FLAGS}
        timed = lap_time(opening, closing)
        if known and timed.flag is None:
            sentence = f"{system}: {', '.join(sorted(known))} before {after[1].passing_id}"
            yield "what-a-sensor-lost-is-said", sentence
        driven_ns = line.cars[after[0]].mono_ns - line.cars[before[0]].mono_ns
        if abs(timed.lap_ns - driven_ns) > timed.uncertainty_ns + 2 * STAMP_ERROR_NS:
            sentence = f"{system}: {driven_ns} ns were driven, timed was {timed}"
            yield "no-lap-surer-than-its-clocks-agree", sentence
