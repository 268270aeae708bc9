"""A device whose clock is set, drifts, restarts and leaps, on a line that is late, stalls and repeats.

It keeps the truth beside what it says, so that a lap made of its lines can be held against the lap driven."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from firmware_bridge.makers.device_clock import DeviceClock
from pitboard.race.passings.device_clocks import LapTime, lap_time
from pitboard.race.passings.settling import settle
from pitboard.unit_api.program_calls import Passing

SECOND_NS = 1_000_000_000
STEPS_US = [
    *(-3_600_000_000, -18_000_000, -12_000_000, -5_000_000, -1_000_000, -300_000, -40_000),
    *(40_000, 300_000, 1_000_000, 2_500_000, 18_000_000, 3_600_000_000),
]
PASSINGS_COUNT = 37
APART_MIN_COUNT = 3
STARTED_TICK_US = 1_700_000_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    true_ns: int
    tick_us: int
    received_ns: int


def scripted(
    random: Random,
    *,
    laps_ns: list[int],
    steps: list[tuple[int, int]],
    drift_ppb: int = 0,
    jitter_ns: int = 2_000_000,
    held_up: dict[int, int] | None = None,
    stalls: list[tuple[int, int]] | None = None,
    is_stream: bool = False,
) -> list[Line]:
    """Return the lines of a race that begins at 100 s, in the order received.

    `steps` are (from which passing on, by how many microseconds), `held_up` {passing: nanoseconds} comes
    alone so much later, or with all behind it in a stream, which nothing overtakes; and what is sent within a
    stall (from, to) comes at its end.
    """
    at_ns = 100 * SECOND_NS
    lines: list[Line] = []
    for number, lap_ns in enumerate([0, *laps_ns]):
        at_ns += lap_ns
        step_us = sum(by_us for first, by_us in steps if number >= first)
        tick_us = STARTED_TICK_US + at_ns * (SECOND_NS + drift_ppb) // 10**12 + step_us
        delay_ns = min(int(random.expovariate(1 / jitter_ns)), 5 * jitter_ns) if jitter_ns else 0
        received_ns = at_ns + 1_000_000 + delay_ns + (held_up or {}).get(number, 0)
        for from_ns, to_ns in stalls or []:
            received_ns = max(received_ns, to_ns + number) if from_ns <= received_ns < to_ns else received_ns
        if is_stream and lines:
            received_ns = max(received_ns, lines[-1].received_ns + 1_000)
        lines.append(Line(true_ns=at_ns, tick_us=tick_us, received_ns=received_ns))
    return sorted(lines, key=lambda line: line.received_ns)


def stamped(lines: list[Line], *, repeats: bool, clock: str = "clock") -> list[tuple[int, Passing]]:
    """Return (when it truly was, passing) in the order received."""
    device = DeviceClock(clock, repeats=repeats)
    passings = []
    for seq, line in enumerate(lines, start=1):
        stamp = device.stamp_live(line.tick_us, line.received_ns, boot_id="boot")
        passing = Passing(
            sensor="loop",
            sensor_boot="start",
            seq=seq,
            channel=0,
            tick_us=line.tick_us,
            rate_ppb=stamp.rate_ppb,
            boot_id="boot",
            mono_ns=stamp.mono_ns,
            uncertainty_ns=stamp.uncertainty_ns,
            received_mono_ns=line.received_ns,
            flag=stamp.flag,
            clock=stamp.clock,
        )
        passings.append((line.true_ns, passing))
    return passings


def laps(lines: list[Line], *, repeats: bool = True) -> list[tuple[int, LapTime]]:
    """Return (the lap driven, the lap timed) in the order driven, once all lines have come."""
    passings = stamped(lines, repeats=repeats)
    settled = settle([passing for _, passing in passings])
    in_order = sorted(zip([true_ns for true_ns, _ in passings], settled, strict=True), key=lambda p: p[0])
    return [
        (closing[0] - opening[0], lap_time(opening[1], closing[1])) for opening, closing in pairwise(in_order)
    ]


def crowded(random: Random) -> list[Line]:
    """Return a race in which one thing follows close upon another: the clock is set, or the line stalls.

    A line that is held up holds up those behind it, and the clock may be set meanwhile. A setting lasts for
    three lines at least, one of which comes in time, and no line is held up for as long as the clock is set
    back by right after it.
    """
    steps: list[tuple[int, int]] = []
    held_up: dict[int, int] = {}
    number, free_from = random.randint(3, 6), 0
    while number < PASSINGS_COUNT - APART_MIN_COUNT:
        if random.random() < 0.6:
            steps.append((number, random.choice(STEPS_US)))
            number = max(number, free_from)
        else:
            spans_ms = ((320, 980), (1_020, 2_480), (2_520, 4_000))
            held_up[number] = random.randint(*random.choice(spans_ms)) * 1_000_000
            free_from = number + 1 + held_up[number] // 600_000_000
            if random.random() < 0.4 and number + 1 < free_from:
                steps.append((random.randint(number + 1, free_from - 1), random.choice(STEPS_US)))
                number = free_from
        number += random.randint(APART_MIN_COUNT, APART_MIN_COUNT + 4)
    return scripted(
        random,
        laps_ns=[random.randint(600_000_000, 1_800_000_000) for _ in range(PASSINGS_COUNT - 1)],
        steps=steps,
        drift_ppb=random.randint(-40_000, 40_000),
        held_up=held_up,
        is_stream=True,
    )
