"""A lap is never surer than its clocks agree: the loop's passings in the journal, held against the truth.

It asks the core's own measure for each lap, and only the simulator's truth for what is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from pitboard.journal.records.kinds import read_body
from pitboard.journal.records.record import Record
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.device_clocks import LapTime, lap_time
from pitboard.race.passings.settling import settle
from venue.simulator.cast.set_clock_loop import LOOP_TRACK

OnLoop = tuple[int, PassingRecorded]


def loop_passings(
    records: Iterable[Record],
    owner_of: Mapping[str, str],
    true_ns_of: Mapping[str, Mapping[tuple[str, int], int]],
) -> dict[tuple[str, str], list[OnLoop]]:
    """Return (when it truly was, passing) by unit key and boot, in the order driven."""
    found: dict[tuple[str, str], dict[str, OnLoop]] = {}
    for record in records:
        if record.header.kind != "passing" or record.body_bytes is None:
            continue
        body = read_body("passing", record.body_bytes)
        key = owner_of.get(record.stream, "")
        if not isinstance(body, PassingRecorded) or body.track != LOOP_TRACK:
            continue
        name = f"{body.sensor}/{body.sensor_boot}/{body.seq}"
        true_ns = true_ns_of.get(key, {}).get((body.boot_id, body.received_mono_ns))
        if true_ns is not None:
            found.setdefault((key, body.boot_id), {}).setdefault(name, (true_ns, body))
    return {place: sorted(of_place.values(), key=lambda one: one[0]) for place, of_place in found.items()}


def laps_on_loop(passings: list[OnLoop]) -> list[tuple[int, LapTime]]:
    """Return (the lap driven, the lap timed) in the order driven."""
    in_order_received = sorted(passings, key=lambda one: one[1].received_mono_ns)
    settled = settle([body for _, body in in_order_received])
    in_order_driven = sorted(
        zip((true_ns for true_ns, _ in in_order_received), settled, strict=True), key=lambda one: one[0]
    )
    return [
        (after[0] - before[0], lap_time(before[1], after[1])) for before, after in pairwise(in_order_driven)
    ]
