"""A lap is never surer than its two clocks agree: clocks that are set, drift and leap, in numbers."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import msgspec
import pytest

from pitboard.race.passings.device_clocks import PASSING_LOST, lap_time, with_unseen
from pitboard.race.passings.settling import settle
from tests.firmware_bridge.makers.lying_device import (
    SECOND_NS,
    STEPS_US,
    Line,
    crowded,
    laps,
    scripted,
    stamped,
)

LAPS_MS = [1_800, 5_000, 20_000, 60_000]


@pytest.mark.parametrize("step_us", [*STEPS_US, 20_000_000, 70_000_000])
def test_no_lap_is_surer_than_it_is_true_whenever_the_clock_is_set(step_us: int) -> None:
    for seed in range(40):
        random = Random(f"{seed}/{step_us}")
        count = random.randint(6, 30)
        lap_ms = random.choice(LAPS_MS)
        lines = scripted(
            random,
            laps_ns=[round(lap_ms * random.uniform(0.8, 1.3) * 1e6) for _ in range(count)],
            steps=[(random.randint(3, count), step_us)],
            drift_ppb=random.randint(-40_000, 40_000),
            jitter_ns=random.choice([100_000, 2_000_000]),
        )
        for driven_ns, timed in laps(lines):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (seed, lap_ms)


@pytest.mark.parametrize("step_us", [-5_000, -40_000, -100_000, -145_000, -300_000])
def test_a_clock_set_back_and_forward_again_is_not_taken_for_late_lines(step_us: int) -> None:
    for seed in range(60):
        random = Random(f"{seed}/{step_us}")
        count = random.randint(16, 30)
        first = random.randint(3, 8)
        lines = scripted(
            random,
            laps_ns=[round(random.uniform(1.0, 4.0) * 1e9) for _ in range(count)],
            steps=[(first, step_us), (first + random.randint(2, 7), -step_us)],
            drift_ppb=random.randint(-40_000, 40_000),
            jitter_ns=random.choice([100_000, 2_000_000]),
        )
        for driven_ns, timed in laps(lines):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, seed


@pytest.mark.parametrize("again_us", [-140_000, -40_000, -5_000, 5_000, 40_000, 140_000])
def test_a_clock_set_again_while_it_is_in_doubt_is_covered(again_us: int) -> None:
    for seed in range(60):
        random = Random(f"{seed}/{again_us}")
        count = random.randint(24, 36)
        first = random.randint(3, 6)
        lines = scripted(
            random,
            laps_ns=[round(random.uniform(0.7, 1.8) * 1e9) for _ in range(count)],
            steps=[(first, -18_000_000), (first + random.randint(4, 16), again_us)],
            drift_ppb=random.randint(-40_000, 40_000),
            jitter_ns=random.choice([100_000, 2_000_000]),
        )
        for driven_ns, timed in laps(lines):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, seed


@pytest.mark.parametrize("repeats", [True, False])
def test_lines_that_are_late_stall_or_come_again_are_no_step(repeats: bool) -> None:
    sure_count = laps_count = 0
    for seed in range(100):
        random = Random(seed)
        count = random.randint(8, 30)
        stall_ns = random.randint(100, 160) * SECOND_NS
        lines = scripted(
            random,
            laps_ns=[round(random.uniform(2, 20) * 1e9) for _ in range(count)],
            steps=[],
            drift_ppb=random.randint(-40_000, 40_000),
            held_up={random.randint(2, count - 2): random.randint(1, 22) * SECOND_NS},
            stalls=[(stall_ns, stall_ns + random.randint(1, 9) * SECOND_NS)],
            is_stream=not repeats,
        )
        for driven_ns, timed in laps(lines, repeats=repeats):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, seed
            laps_count += 1
            sure_count += timed.flag is None and timed.uncertainty_ns < 50_000_000
    assert sure_count > 0.97 * laps_count


def test_a_device_that_only_drifts_is_never_in_doubt() -> None:
    lines = scripted(Random(1), laps_ns=[20 * SECOND_NS] * 40, steps=[], drift_ppb=30_000, jitter_ns=100_000)
    for driven_ns, timed in laps(lines):
        assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns < 20_000_000
        assert timed.flag is None


def test_a_lap_over_a_new_start_covers_how_late_the_first_lines_of_it_may_have_come() -> None:
    lines = scripted(Random(3), laps_ns=[2 * SECOND_NS] * 7, steps=[(4, 3_600_000_000)], jitter_ns=0)
    late = [replace(line, received_ns=line.received_ns + 8_000_000) for line in lines[4:]]
    before = stamped(lines[:4], repeats=False)
    after = stamped(late, repeats=False, clock="another")
    settled = settle([passing for _, passing in [*before, *after]])
    timed = lap_time(settled[3], settled[4])
    assert timed.flag == "new-start"
    assert 8_000_000 <= abs(timed.lap_ns - 2 * SECOND_NS) <= timed.uncertainty_ns == 50_000_000


def test_a_clock_set_twice_is_timed_on_after_each() -> None:
    steps = [(5, -5_000_000), (12, 18_000_000)]
    timed = [lap for _, lap in laps(scripted(Random(2), laps_ns=[10 * SECOND_NS] * 20, steps=steps))]
    assert [number for number, lap in enumerate(timed, start=1) if lap.flag] == [5, 12]
    assert all(abs(lap.lap_ns - 10 * SECOND_NS) < 100_000_000 for lap in timed)


def test_a_small_step_back_and_forward_again_is_not_taken_for_lines_that_were_late() -> None:
    lines = scripted(
        Random(1), laps_ns=[SECOND_NS] * 16, steps=[(6, -40_000), (12, 40_000)], jitter_ns=2_000_000
    )
    timed = laps(lines)
    wrong = [(driven_ns, lap) for driven_ns, lap in timed if abs(driven_ns - lap.lap_ns) > lap.uncertainty_ns]
    assert wrong == []
    assert max(lap.uncertainty_ns for _, lap in timed) < 200_000_000


# (driven, tick, received) in milliseconds, from a day of the simulator: the clock is set back by 40 ms at the
# sixth line, and two lines are held up, both by 2.3 s.
HELD_UP_ALIKE_MS = [
    *[(1_805.0, 86_391_804.9, 6_806.5), (2_524.3, 86_392_524.2, 7_528.7), (4_151.5, 86_394_151.3, 9_152.7)],
    *[
        (5_106.9, 86_395_106.7, 10_108.0),
        (6_081.7, 86_396_081.5, 11_085.7),
        (7_881.0, 86_397_840.7, 12_889.7),
    ],
    *[
        (8_674.4, 86_398_634.1, 13_676.8),
        (9_315.8, 86_399_275.4, 14_321.4),
        (9_956.1, 86_399_915.7, 14_957.1),
    ],
    *[(11_081.9, 86_401_041.5, 18_392.1), (17_126.4, 86_407_085.8, 22_127.6)],
    *[(19_040.2, 86_408_999.6, 24_042.8), (19_772.9, 86_409_732.2, 24_774.8)],
    *[(20_594.2, 86_410_553.5, 25_596.0), (21_412.6, 86_411_371.9, 28_722.2)],
    *[(24_709.0, 86_414_668.2, 29_713.1), (25_360.2, 86_415_319.3, 30_362.9)],
]


@pytest.mark.parametrize("repeats", [True, False])
def test_two_lines_held_up_alike_are_no_set_clock_once_lines_between_them_came_in_time(repeats: bool) -> None:
    lines = [
        Line(true_ns=round(true_ms * 1e6), tick_us=round(tick_ms * 1e3), received_ns=round(received_ms * 1e6))
        for true_ms, tick_ms, received_ms in HELD_UP_ALIKE_MS
    ]
    passings = [passing for _, passing in stamped(lines, repeats=repeats)]
    assert [passing.seq for passing in passings if passing.flag == "clock-doubt"] == [10, 15]
    assert {passing.clock for passing in passings if passing.flag in (None, "late")} == {"clock"}
    timed = laps(lines, repeats=repeats)
    assert [lap for driven_ns, lap in timed if abs(lap.lap_ns - driven_ns) > lap.uncertainty_ns] == []
    # Timed again by the device's own clock, as well as it is known.
    assert all(abs(lap.lap_ns - driven_ns) < 1_000_000 for driven_ns, lap in timed[-3:])


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize("held_up_ms", [400, 2_300, 5_000, 12_000])
def test_lines_held_up_alike_one_after_another_are_no_sure_set_clock(repeats: bool, held_up_ms: int) -> None:
    """What is sent again waits as long each time; a clock set back and forward looks the same."""
    for seed in range(30):
        random = Random(f"{seed}/{held_up_ms}")
        first = random.randint(3, 8)
        alike = {first + at: held_up_ms * 1_000_000 for at in range(random.randint(2, 3))}
        lines = scripted(
            random,
            laps_ns=[random.randint(14_000_000_000, 20_000_000_000) for _ in range(16)],
            steps=[],
            drift_ppb=random.randint(-40_000, 40_000),
            jitter_ns=random.choice([100_000, 2_000_000]),
            held_up=alike,
        )
        for driven_ns, timed in laps(lines, repeats=repeats):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (seed, driven_ns, timed)


@pytest.mark.parametrize("again_us", [-40_000, 40_000])
@pytest.mark.parametrize("step_us", [-1_000_000, -5_000_000])
def test_a_clock_set_a_little_while_it_is_not_yet_sure_is_covered(step_us: int, again_us: int) -> None:
    """Set back twice: its lines may then be of either setting, and are kept apart by their arrival alone."""
    for seed in range(20):
        random = Random(f"{seed}/{step_us}/{again_us}")
        lines = scripted(
            random,
            laps_ns=[random.randint(700_000_000, 1_700_000_000) for _ in range(22)],
            steps=[(8, step_us), (12, step_us), (12 + random.randint(2, 6), again_us)],
            drift_ppb=random.randint(-40_000, 40_000),
            jitter_ns=2_000_000,
        )
        for driven_ns, timed in laps(lines, repeats=random.random() < 0.5):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (seed, driven_ns, timed)


def test_the_first_line_of_a_new_start_is_as_old_as_may_be_where_the_next_does_not_agree() -> None:
    """The first of the new start is held up by 2.7 s, the one after it by 3.6 s, and there the race ends."""
    lines = scripted(Random(3), laps_ns=[2 * SECOND_NS] * 5 + [4 * SECOND_NS] * 2, steps=[], jitter_ns=0)
    late = [
        replace(line, tick_us=line.tick_us - 18_000_000, received_ns=line.received_ns + late_ns)
        for line, late_ns in zip(lines[6:], (2_700_000_000, 3_600_000_000), strict=True)
    ]
    before, after = stamped(lines[:6], repeats=True), stamped(late, repeats=True, clock="another")
    settled = settle([passing for _, passing in [*before, *after]])
    timed = lap_time(settled[5], settled[6])
    assert timed.flag == "new-start"
    assert abs(timed.lap_ns - 4 * SECOND_NS) <= timed.uncertainty_ns
    # Alone it stands: nothing speaks against it, and an official is asked.
    alone = settle([passing for _, passing in [*before, after[0]]])
    assert 50_000_000 <= lap_time(alone[5], alone[6]).uncertainty_ns < 60_000_000


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize("again_us", [-40_000, 40_000])
def test_a_clock_set_a_little_by_the_line_that_made_a_setting_sure_or_the_next_is_covered(
    again_us: int, repeats: bool
) -> None:
    """Set back by 1 s it is sure at the fourth line, by 12 s after 25 s: that line may lag by a step too."""
    for seed in range(25):
        random = Random(f"{seed}/{again_us}/{repeats}")
        step_us, sure_after = (-12_000_000, 19) if repeats else (-1_000_000, 3)
        again = 8 + sure_after + random.randint(0, 2)
        lines = scripted(
            random,
            laps_ns=[random.randint(1_200_000_000, 1_500_000_000) for _ in range(42)],
            steps=[(8, step_us), (again, again_us), (again + 3, -again_us)],
            drift_ppb=random.randint(-40_000, 40_000),
        )
        for driven_ns, timed in laps(lines, repeats=repeats):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (seed, driven_ns, timed)


def test_no_lap_is_surer_than_it_is_true_where_one_thing_follows_close_upon_another() -> None:
    for seed in [*range(150), 1270, 21272]:
        random = Random(f"crowded/{seed}")
        lines = crowded(random)
        for driven_ns, timed in laps(lines, repeats=random.random() < 0.5):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (seed, driven_ns, timed)


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize(
    ("steps_ms", "held_up_ms"),
    [
        pytest.param({6: 3_600_000, 8: 3_600_000}, {4: 3_900}, id="an hour, twice"),
        pytest.param({20: -1_000}, {19: 1_670}, id="by as much as the lap that it comes with"),
        pytest.param({12: -300, 14: 300}, {10: 2_600}, id="back for one line in time"),
        pytest.param({8: -18_000, 11: 18_000}, {6: 3_000}, id="back to what was said before"),
        pytest.param({14: 3_600_000, 16: -18_000}, {12: 2_939}, id="with no line in time"),
        pytest.param({10: -18_000, 24: 3_600_000, 33: -3_600_000}, {28: 2_285, 36: 2_289}, id="alike"),
    ],
)
def test_a_clock_set_while_its_line_stalls_is_covered(
    steps_ms: dict[int, int], held_up_ms: dict[int, int], repeats: bool
) -> None:
    for seed in range(12):
        random = Random(f"{seed}/{steps_ms}")
        laps_ns = [random.randint(900, 1_400) * 1_000_000 for _ in range(40)]
        laps_ns[19] = random.randint(1_001, 1_010) * 1_000_000
        lines = scripted(
            random,
            laps_ns=laps_ns,
            steps=[(number, step_ms * 1_000) for number, step_ms in steps_ms.items()],
            held_up={number: late_ms * 1_000_000 for number, late_ms in held_up_ms.items()},
            drift_ppb=random.randint(-40_000, 40_000),
            is_stream=True,
        )
        for driven_ns, timed in laps(lines, repeats=repeats):
            assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (seed, driven_ns, timed)


def test_a_setting_that_one_line_told_of_and_a_lost_one_is_not_taken_for_a_late_line() -> None:
    lines = scripted(
        Random(1), laps_ns=[1_500_000_000] * 14, steps=[(6, -1_000_000), (8, 1_000_000)], jitter_ns=0
    )
    told = [one for _, one in stamped([*lines[:7], *lines[8:]], repeats=False)]
    told[7] = msgspec.structs.replace(told[7], flag=with_unseen(told[7].flag, PASSING_LOST), seq=100)
    late, after = settle(told)[6:8]
    assert abs(lap_time(late, after).lap_ns - 3_000_000_000) <= lap_time(late, after).uncertainty_ns
    # Nothing lost, it was late: nobody sets a clock for one car.
    told[7] = msgspec.structs.replace(told[7], flag=None)
    late, after = settle(told)[6:8]
    assert lap_time(late, after).uncertainty_ns < 10_000_000


# The same of a device that is set by hours, whose lines are held up by the same when it is.
SET_AGAIN_AND_AGAIN_MS = [
    *[
        (16_278.8, 3_601_278.0, 16_279.8),
        (17_408.0, 3_584_407.0, 17_409.6),
        (18_025.1, 3_585_024.0, 18_027.9),
    ],
    *[
        (19_078.8, 3_586_078.0, 19_087.9),
        (20_351.2, 3_587_350.0, 20_359.0),
        (21_148.2, 3_588_147.0, 23_442.7),
    ],
    *[
        (24_167.3, 3_591_166.0, 24_169.8),
        (25_742.6, 3_592_742.0, 25_748.2),
        (27_530.4, 3_594_529.0, 27_531.9),
    ],
    *[
        (28_582.1, 3_595_541.0, 28_586.3),
        (30_294.9, 3_597_254.0, 30_297.9),
        (31_803.6, 3_598_762.0, 31_810.3),
    ],
    *[(32_696.8, 3_599_656.0, 32_698.2), (33_548.2, 507.0, 33_551.7), (34_303.6, 1_262.0, 34_305.1)],
    *[(35_648.8, 2_608.0, 35_651.5), (37_215.5, 4_174.0, 39_505.7), (40_921.9, 7_880.0, 40_926.8)],
    *[(42_035.0, 8_994.0, 42_037.0), (43_432.1, 10_391.0, 43_434.2), (44_468.1, 11_427.0, 44_469.9)],
    *[(45_972.9, 12_931.0, 45_980.0), (46_687.3, 13_646.0, 46_689.5), (47_729.6, 3_614_688.0, 47_732.5)],
    *[
        (48_360.1, 3_615_319.0, 48_362.0),
        (50_157.8, 3_617_116.0, 50_159.4),
        (51_481.9, 3_618_440.0, 51_483.4),
    ],
    *[
        (53_263.4, 3_620_222.0, 55_536.1),
        (56_486.6, 3_623_445.0, 56_490.7),
        (57_962.7, 3_624_921.0, 57_964.2),
    ],
    *[(59_410.8, 3_626_369.0, 59_413.2), (60_332.0, 3_627_290.0, 62_623.8)],
]


def test_a_setting_that_a_lost_line_began_is_as_doubtful_until_a_line_comes_in_time() -> None:
    lines = [
        Line(true_ns=round(true_ms * 1e6), tick_us=round(tick_ms * 1e3), received_ns=round(received_ms * 1e6))
        for true_ms, tick_ms, received_ms in SET_AGAIN_AND_AGAIN_MS
    ]
    for driven_ns, timed in laps(lines):
        assert abs(timed.lap_ns - driven_ns) <= timed.uncertainty_ns, (driven_ns, timed)
