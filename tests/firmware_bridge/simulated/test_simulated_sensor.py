"""The simulated sensor behaves as the firmware must: it keeps what was not acknowledged, and never waits."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from firmware_bridge.decoders.beamline import (
    COUNTER_SPAN_US,
    IDENTIFY,
    Acknowledgement,
    BeamlineDecoder,
    BeamPassing,
    Heartbeat,
    Hello,
    encode_acknowledgement,
)
from firmware_bridge.decoders.decoder import Event
from firmware_bridge.simulated.simulated_sensor import (
    RESEND_MAX_COUNT,
    RING_MAX_COUNT,
    FaultPlan,
    SimulatedSensor,
)
from firmware_bridge.simulated.simulated_track import SimulatedCars

MS = 1_000_000
SECOND = 1_000 * MS
START = 500 * SECOND


def sensor(seed: int = 1) -> SimulatedSensor:
    device = SimulatedSensor(random=Random(seed), now_mono_ns=START)
    device.lines_due(START)
    return device


def said(device: SimulatedSensor, mono_ns: int) -> list[Event]:
    return BeamlineDecoder().feed(b"".join(line.data for line in device.lines_due(mono_ns)))


def acknowledge(device: SimulatedSensor, seq: int) -> None:
    device.receive(encode_acknowledgement(Acknowledgement(boot=device.boot, seq=seq)))


def passing_seqs(events: list[Event]) -> list[int]:
    return [event.seq for event in events if isinstance(event, BeamPassing)]


def test_it_says_hello_by_itself_and_when_asked() -> None:
    device = SimulatedSensor(random=Random(1), now_mono_ns=START)
    assert [type(event) for event in said(device, START)] == [Hello, Heartbeat]
    assert said(device, START + MS) == []
    device.receive(IDENTIFY)
    assert device.next_due_mono_ns < START + MS
    assert [type(event) for event in said(device, START + MS)] == [Hello, Heartbeat]


def test_a_passing_is_sent_again_until_it_is_acknowledged() -> None:
    device = sensor()
    device.cross(START + 10 * MS)
    assert passing_seqs(said(device, START + 11 * MS)) == [1]
    assert passing_seqs(said(device, START + 40 * MS)) == []
    assert passing_seqs(said(device, START + 41 * MS)) == [1]
    assert passing_seqs(said(device, START + 540 * MS)) == []
    assert passing_seqs(said(device, START + 541 * MS)) == [1]
    device.receive(b"A,00000000,1*FFFF\n")
    assert not device.is_ring_empty
    acknowledge(device, 1)
    assert device.is_ring_empty


def test_an_acknowledgement_of_another_start_changes_nothing() -> None:
    device = sensor()
    device.cross(START + 10 * MS)
    device.receive(encode_acknowledgement(Acknowledgement(boot="00000000", seq=1)))
    assert not device.is_ring_empty


def test_the_latch_holds_the_crossing_however_late_the_device_writes() -> None:
    device = sensor(seed=7)
    early = device.cross(START + 3 * SECOND)
    late = device.cross(START + 5 * SECOND)
    assert abs(late.unwrapped_us - early.unwrapped_us - 2_000_000) <= 2 * 40 + 3


def test_the_counter_wraps_soon_and_the_unwrapped_one_does_not() -> None:
    device = sensor()
    beats = [said(device, START + second * SECOND)[0] for second in range(1, 25)]
    raw = [beat.tick_us for beat in beats if isinstance(beat, Heartbeat)]
    unwrapped = [beat.unwrapped_us for beat in beats if isinstance(beat, Heartbeat)]
    assert max(raw) > COUNTER_SPAN_US - 20_000_000
    assert min(raw) < 20_000_000
    assert unwrapped == sorted(unwrapped)


def test_bursts_are_bounded_and_oldest_first() -> None:
    device = sensor()
    for number in range(1, 41):
        device.cross(START + number * MS)
    assert passing_seqs(said(device, START + 50 * MS)) == list(range(1, RESEND_MAX_COUNT + 1))
    assert passing_seqs(said(device, START + 51 * MS))[0] == RESEND_MAX_COUNT + 1


def test_a_full_ring_loses_the_oldest_and_says_so() -> None:
    device = sensor()
    for number in range(1, RING_MAX_COUNT + 4):
        device.cross(START + number * MS)
    beats = [event for event in said(device, START + SECOND) if isinstance(event, Heartbeat)]
    assert [(beat.overruns, beat.oldest_seq, beat.last_seq) for beat in beats] == [(3, 4, RING_MAX_COUNT + 3)]


def test_levels_follow_the_car() -> None:
    device = sensor()
    device.cross(START + 990 * MS, blocked_ns=50 * MS)
    levels = [
        event.levels
        for at_ms in (1_000, 2_000)
        for event in said(device, START + at_ms * MS)
        if isinstance(event, Heartbeat)
    ]
    assert levels == [0b10, 0]


def test_a_silence_delays_and_loses_nothing() -> None:
    device = sensor()
    device.fall_silent(START + 2 * SECOND)
    device.cross(START + 500 * MS)
    assert said(device, START + 1_900 * MS) == []
    assert device.next_due_mono_ns == START + 2 * SECOND
    assert passing_seqs(said(device, START + 2 * SECOND)) == [1]


def test_a_restart_forgets_all_and_counts_anew() -> None:
    device = sensor()
    device.cross(START + MS)
    boot = device.boot
    device.restart(START + SECOND)
    assert device.boot != boot
    assert device.is_ring_empty
    assert device.cross(START + 2 * SECOND).seq == 1


def test_the_same_seed_drives_the_same_laps_within_the_wished_range() -> None:
    def laps(seed: int) -> list[int]:
        cars = SimulatedCars(random=Random(seed), lap_min_ms=2000, lap_max_ms=4500, started_mono_ns=START)
        instants = [START] + [cars.drive_on().true_mono_ns for _ in range(200)]
        return [second - first for first, second in pairwise(instants)]

    assert laps(4) == laps(4) != laps(5)
    assert all(2000 * MS <= lap_ns <= 4500 * MS for lap_ns in laps(4))


def test_faults_are_planned_ahead_and_by_seed() -> None:
    plans = [FaultPlan(random=Random(9), started_mono_ns=START) for _ in range(2)]
    assert plans[0].silence_mono_ns == plans[1].silence_mono_ns > START
    before = plans[0].restart_mono_ns
    plans[0].plan_restart()
    assert plans[0].restart_mono_ns > before
