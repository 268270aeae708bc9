"""Tell whether a bought device's clock runs on, from how each line's tick lies to the moment it came.

A line may come late (a busy host, a stalled network, a repeat) but never early. So a tick ahead of its
arrival is a clock that was set forward, and one behind it either a late line or a clock set back: which, only
the lines after it tell. Until then the passing says so, and its uncertainty covers the difference."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from firmware_bridge.makers.tick_clock import CRYSTAL_DRIFT_MAX_PPB, PPB, SUSPEND_MIN_NS, TickClock
from pitboard.race.passings.device_clocks import (
    CLOCK_DOUBT,
    CLOCK_LOST,
    CLOCK_SET,
    LATE,
    RATE_MEASURED_PPB,
)

# Two lines that lie apart by less tell the same of the device's clock.
AGREE_WITHIN_NS = 50_000_000
# Lines nearer to each other may have been held up together.
APART_MIN_NS = 500_000_000
# What no number of good lines tells: a serial line's own delay varies by as much.
LINE_JITTER_NS = 500_000
# Less than this is the jitter of a good line.
LATE_MIN_NS = 2_000_000
# A line so late may be any host's or network's doing; more is looked into.
LATE_MAX_NS = 150_000_000
# A line that was later than this was held up; it does not tell how late good lines come.
JITTER_MAX_NS = 300_000_000
# How long a stalled connection or a repeat holds a line up, and how long after the opening what the device
# kept meanwhile may come.
HELD_UP_MAX_NS = 60_000_000_000
# Lines of one stream, a little out of order in the device itself.
DISORDER_MAX_US = 1_000_000
# A device that repeats until it is acknowledged does so after 10 to 20 s; after so long a line is a live one.
REPEAT_MIN_NS = 8_000_000_000
REPEAT_MAX_NS = 25_000_000_000
# Two lines tell a step of seconds; smaller ones look too much like a slow network.
STEP_SURE_NS = 2_000_000_000
AGREEING_MIN_COUNT = 2
AGREEING_SMALL_MIN_COUNT = 4
KEPT_RUNS_MAX_COUNT = 4
_EVER_NS = -(2**62)
MONO_MAX_NS = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStamp:
    """A tick on the host's clock. Ticks measure against each other only where `clock` is the same.

    `flag` is None, or `late` (it may have come late: the first lines, and what lies a little behind),
    `clock-doubt` (late, or the clock was set back: `clock` is then what it is if it was set), `clock-lost`
    (nothing will tell), or `clock-set` (the first of a clock that was set). `step_ns` is by how much, forward
    above zero.
    """

    mono_ns: int
    rate_ppb: int
    uncertainty_ns: int
    clock: str
    flag: str | None = None
    step_ns: int = 0


@dataclass(slots=True, kw_only=True)
class _Run:
    """The device's clock from one setting to the next."""

    name: str
    ticks: TickClock = field(default_factory=TickClock)
    first_us: int = 0
    first_mono_ns: int = 0
    latest_us: int = 0
    latest_mono_ns: int = 0
    agreeing_count: int = 0
    step_ns: int = 0
    jitter_ns: int = 0
    sure_ns: int = MONO_MAX_NS
    """How well the latest line in time was known, which came at `sure_mono_ns`."""
    sure_mono_ns: int = 0

    def observe(self, tick_us: int, received_mono_ns: int) -> None:
        """Note a line of this setting."""
        self.ticks.observe(tick_us, received_mono_ns)
        self.latest_us = max(self.latest_us, tick_us)
        self.latest_mono_ns = received_mono_ns

    def known_within_ns(self, now_mono_ns: int) -> int:
        """Return how well a tick of now is known by the lines in time alone."""
        return self.sure_ns + CRYSTAL_DRIFT_MAX_PPB * max(0, now_mono_ns - self.sure_mono_ns) // PPB


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The device's clock was set, or may have been: by how much, and which line showed it.

    A step of 0 says that the doubt is over: the line was only late.
    """

    step_ns: int
    received_mono_ns: int
    is_sure: bool


class DeviceClock:
    """Follows one device. `name` is the clock's until it is set; `repeats` says that the device does.

    `setting` and `runs_count` go on where an earlier log left off.
    """

    def __init__(
        self, name: str = "", *, repeats: bool = False, setting: str = "", runs_count: int = 1
    ) -> None:
        self.steps: list[ClockStep] = []  # news for people, oldest first; whoever tells it clears it
        self._name = name
        self._first_name = setting or name
        self._repeats = repeats
        self._run: _Run | None = None
        self._candidate: _Run | None = None
        self._earlier: deque[_Run] = deque(maxlen=KEPT_RUNS_MAX_COUNT)
        self._unresolved_late_ns = 0
        self.runs_count = runs_count
        self._boot_id = ""
        self._had_boot = False
        self._opened_mono_ns: int | None = None
        self._heard_mono_ns: int | None = None
        self._kept_from_ns = _EVER_NS
        self._silent_from_ns = self._silent_to_ns = _EVER_NS

    @property
    def setting(self) -> str:
        """The name of the setting that the clock has now."""
        return self._first_name if self._run is None else self._run.name

    def heard(self, received_mono_ns: int, *, boot_id: str) -> None:
        """Note that bytes came over the connection, whatever they say."""
        if boot_id != self._boot_id:
            self._had_boot = bool(self._boot_id)
            self._boot_id, self._run, self._candidate = boot_id, None, None
            self._earlier.clear()
            self._opened_mono_ns = self._heard_mono_ns = None
            self._silent_from_ns = self._silent_to_ns = _EVER_NS
        if self._opened_mono_ns is None:
            self._opened_mono_ns = received_mono_ns
            before_ns = received_mono_ns if self._heard_mono_ns is None else self._heard_mono_ns
            is_first = self._heard_mono_ns is None
            # What a device kept while this host was down may lie before its boot.
            self._kept_from_ns = _EVER_NS if is_first and self._had_boot else before_ns - HELD_UP_MAX_NS
        if self._heard_mono_ns is not None and received_mono_ns - self._heard_mono_ns > HELD_UP_MAX_NS:
            # Perhaps the network was away: then all since the last bytes comes now.
            self._silent_from_ns, self._silent_to_ns = self._heard_mono_ns, received_mono_ns
        self._heard_mono_ns = received_mono_ns

    def host_slept(self, slept_ns: int) -> None:
        """The host slept for so long since the last line; that is no step of the device's clock."""
        for run in (self._run, self._candidate, *self._earlier):
            if run is not None:
                run.ticks.host_slept(slept_ns)

    def opened(self) -> None:
        """Note that the connection is a new one: what the device kept may come now."""
        self._opened_mono_ns = None

    def leads_by_ns(self, tick_us: int, received_mono_ns: int) -> int:
        """Return how much sooner this line came than the quickest before it can explain."""
        return self._run.ticks.leads_by_ns(tick_us, received_mono_ns) if self._run is not None else 0

    def is_near(self, tick_us: int, received_mono_ns: int, *, within_us: int) -> bool:
        """Return whether a line with this tick, received then, fits the clock so far."""
        if self._run is None:
            return False
        lag_ns = received_mono_ns - tick_us * 1000
        return abs(lag_ns - self._run.ticks.lag_at(tick_us)) <= within_us * 1000

    @property
    def is_sure(self) -> bool:
        """Whether lines that came apart agree on the setting that the clock has now."""
        return self._run is not None and self._run.agreeing_count >= AGREEING_MIN_COUNT

    def is_in_time(self, tick_us: int, received_mono_ns: int) -> bool:
        """Return whether a line was in time by the setting that the clock has now, as far as that is sure."""
        return self.is_sure and self.is_near(tick_us, received_mono_ns, within_us=AGREE_WITHIN_NS // 1_000)

    def tick_at(self, received_mono_ns: int, *, boot_id: str) -> int | None:
        """Return what the clock should show at that instant, None before its first line of this boot."""
        if self._run is None or boot_id != self._boot_id:
            return None
        latest_us = self._run.first_us + (received_mono_ns - self._run.first_mono_ns) // 1000
        return (received_mono_ns - self._run.ticks.lag_at(latest_us)) // 1000

    def say_set(self, step_us: int, received_mono_ns: int) -> None:
        """Say to people that this clock, of a new start, was set by so much against the one before it."""
        if abs(step_us) * 1_000 > AGREE_WITHIN_NS:
            self._note_step(step_us * 1_000, received_mono_ns, is_sure=True)

    def observe(self, tick_us: int, received_mono_ns: int, *, boot_id: str) -> None:
        """Take the tick of a line that is no passing, sent live."""
        self.stamp_live(tick_us, received_mono_ns, boot_id=boot_id)

    def stamp_live(self, tick_us: int, received_mono_ns: int, *, boot_id: str) -> ClockStamp:
        """Return the instant of a line that the device sent as it happened, or again unanswered."""
        self.heard(received_mono_ns, boot_id=boot_id)
        run = self._run
        if run is None:
            run = self._run = self._begin(self._first_name, tick_us, received_mono_ns)
            return self._stamp(run, tick_us, flag=LATE)
        early_ns = run.ticks.leads_by_ns(tick_us, received_mono_ns)
        if early_ns > max(SUSPEND_MIN_NS, run.jitter_ns):
            return self._take_early(run, tick_us, received_mono_ns, early_ns)
        late_ns = self._late_ns(run, tick_us, received_mono_ns)
        if late_ns <= LATE_MIN_NS:
            self._fits(run, tick_us, received_mono_ns)
            stamp = self._stamp(run, tick_us, least_ns=late_ns)
            run.sure_ns, run.sure_mono_ns = stamp.uncertainty_ns, received_mono_ns
            return stamp
        if late_ns <= max(LATE_MAX_NS, 2 * run.jitter_ns):
            run.observe(tick_us, received_mono_ns)
            self._refute(tick_us, received_mono_ns)
            self._unresolved_late_ns = max(self._unresolved_late_ns, late_ns)
            stamp = self._stamp(run, tick_us, least_ns=late_ns, flag=LATE)
            # However far late lines spread: it passed when its tick says, or later by what it lies behind.
            most_ns = run.known_within_ns(received_mono_ns) + late_ns
            return replace(stamp, uncertainty_ns=min(stamp.uncertainty_ns, most_ns))
        return self._take_late(run, tick_us, received_mono_ns, late_ns)

    def stamp_old(self, tick_us: int, received_mono_ns: int, *, boot_id: str) -> ClockStamp:
        """Return the instant of a line that the device was asked for, or gave from its memory."""
        self.heard(received_mono_ns, boot_id=boot_id)
        run = self._run
        if run is None:
            return self.stamp_live(tick_us, received_mono_ns, boot_id=boot_id)
        if self._earlier and (
            tick_us < run.first_us or self._late_of_earlier_ns(run, tick_us, received_mono_ns)
        ):
            return self._lost(run, tick_us, received_mono_ns)
        return self._stamp(run, tick_us)

    def _take_early(self, run: _Run, tick_us: int, received_mono_ns: int, early_ns: int) -> ClockStamp:
        if late_ns := self._late_of_earlier_ns(run, tick_us, received_mono_ns):
            return self._take_ambiguous(run, tick_us, received_mono_ns, late_ns, early_ns)
        is_together = received_mono_ns - run.first_mono_ns < APART_MIN_NS
        if run.agreeing_count == 1 and is_together and early_ns <= HELD_UP_MAX_NS:
            # Held up together with the first: only their ticks tell them apart.
            run.observe(tick_us, received_mono_ns)
            return self._stamp(run, tick_us, flag=LATE)
        is_sure = run.agreeing_count >= AGREEING_MIN_COUNT
        begun = self._begin(self._next_name(), tick_us, received_mono_ns)
        self._set(begun, early_ns, received_mono_ns, is_sure=is_sure)
        if is_sure:
            return self._stamp(begun, tick_us, flag=CLOCK_SET, step_ns=early_ns)
        # What came before may all have been late: then nothing was set, and no line will ever tell.
        return self._stamp(begun, tick_us, least_ns=early_ns, flag=CLOCK_LOST, step_ns=early_ns)

    def _late_of_earlier_ns(self, run: _Run, tick_us: int, received_mono_ns: int) -> int:
        """Return how late the line is if it tells of the clock before it was set; 0 if it cannot."""
        claims_ns = (tick_us * 1000 + one.ticks.lag_at(tick_us) for one in self._earlier)
        lates_ns = [received_mono_ns - one for one in claims_ns if one < run.first_mono_ns]
        return min((one for one in lates_ns if LATE_MAX_NS < one <= HELD_UP_MAX_NS), default=0)

    def _take_ambiguous(
        self, run: _Run, tick_us: int, received_mono_ns: int, late_ns: int, step_ns: int
    ) -> ClockStamp:
        """Take a line that is late and of a former setting, or the first of a new one."""
        candidate = self._agreeing_candidate(tick_us, received_mono_ns)
        if candidate is None:
            self._candidate = candidate = self._begin(self._next_name(), tick_us, received_mono_ns)
            self._note_step(step_ns, received_mono_ns, is_sure=False)
        elif self._is_confirmed(candidate, received_mono_ns, late_ns):
            self._set(candidate, step_ns, received_mono_ns, is_sure=True)
            return self._stamp_set(candidate, tick_us, received_mono_ns, step_ns)
        return replace(self._lost(run, tick_us, received_mono_ns), clock=candidate.name)

    def _take_late(self, run: _Run, tick_us: int, received_mono_ns: int, late_ns: int) -> ClockStamp:
        if earlier_ns := self._late_of_earlier_ns(run, tick_us, received_mono_ns):
            return self._take_ambiguous(run, tick_us, received_mono_ns, earlier_ns, -late_ns)
        claimed_ns = tick_us * 1000 + run.ticks.lag_at(tick_us)
        candidate = self._agreeing_candidate(tick_us, received_mono_ns)
        # Only what is repeated overtakes what was sent after it.
        overtook = not self._repeats and tick_us < run.latest_us - DISORDER_MAX_US
        if overtook or claimed_ns < self._held_up_from_ns(received_mono_ns):
            begun = candidate or self._begin(self._next_name(), tick_us, received_mono_ns)
            self._set(begun, -late_ns, received_mono_ns, is_sure=True)
            return self._stamp_set(begun, tick_us, received_mono_ns, -late_ns)
        if candidate is None:
            self._candidate = candidate = self._begin(self._next_name(), tick_us, received_mono_ns)
            self._note_step(-late_ns, received_mono_ns, is_sure=False)
        elif self._is_confirmed(candidate, received_mono_ns, late_ns):
            self._set(candidate, -late_ns, received_mono_ns, is_sure=True)
            return self._stamp_set(candidate, tick_us, received_mono_ns, -late_ns)
        stamp = self._stamp(run, tick_us, least_ns=late_ns + LATE_MIN_NS, flag=CLOCK_DOUBT, step_ns=-late_ns)
        return replace(stamp, clock=candidate.name)

    def _agreeing_candidate(self, tick_us: int, received_mono_ns: int) -> _Run | None:
        """Return what the clock would be if it was set, where an earlier line said the same."""
        candidate = self._candidate
        if candidate is None or tick_us < candidate.first_us:
            return None
        lag_ns = received_mono_ns - tick_us * 1000
        if abs(lag_ns - candidate.ticks.lag_at(tick_us)) > AGREE_WITHIN_NS:
            return None
        self._fits(candidate, tick_us, received_mono_ns)
        return candidate

    def _refute(self, tick_us: int, received_mono_ns: int) -> None:
        """Drop a candidate by which this line came before its passing: what began it was only late."""
        candidate = self._candidate
        if candidate is None or candidate.ticks.leads_by_ns(tick_us, received_mono_ns) <= AGREE_WITHIN_NS:
            return
        self._note_step(0, received_mono_ns, is_sure=True)
        self._candidate = None

    def _set(self, begun: _Run, step_ns: int, received_mono_ns: int, *, is_sure: bool) -> None:
        if self._run is not None:
            self._earlier.append(self._run)
            begun.jitter_ns = self._run.jitter_ns
        begun.step_ns = step_ns
        self._run, self._candidate, self._unresolved_late_ns = begun, None, 0
        self._note_step(step_ns, received_mono_ns, is_sure=is_sure)

    def _is_confirmed(self, candidate: _Run, received_mono_ns: int, late_ns: int) -> bool:
        if late_ns < STEP_SURE_NS:
            return candidate.agreeing_count >= AGREEING_SMALL_MIN_COUNT
        if self._repeats and REPEAT_MIN_NS <= late_ns <= HELD_UP_MAX_NS:
            return received_mono_ns - candidate.first_mono_ns >= REPEAT_MAX_NS
        return candidate.agreeing_count >= AGREEING_MIN_COUNT

    def _held_up_from_ns(self, received_mono_ns: int) -> int:
        """Return the earliest instant of which a line received now may tell."""
        from_ns = received_mono_ns - HELD_UP_MAX_NS
        opened_ns = received_mono_ns if self._opened_mono_ns is None else self._opened_mono_ns
        if received_mono_ns - opened_ns <= HELD_UP_MAX_NS:
            from_ns = min(from_ns, self._kept_from_ns)
        if received_mono_ns - self._silent_to_ns <= HELD_UP_MAX_NS:
            from_ns = min(from_ns, self._silent_from_ns)
        return from_ns

    def _late_ns(self, run: _Run, tick_us: int, received_mono_ns: int) -> int:
        lag_ns = received_mono_ns - tick_us * 1000
        drift_ns = CRYSTAL_DRIFT_MAX_PPB * max(0, received_mono_ns - run.latest_mono_ns) // PPB
        return max(0, lag_ns - run.ticks.lag_at(tick_us) - drift_ns)

    def _fits(self, run: _Run, tick_us: int, received_mono_ns: int) -> None:
        if received_mono_ns - run.latest_mono_ns >= APART_MIN_NS:
            run.agreeing_count += 1
        run.observe(tick_us, received_mono_ns)
        if run is self._run:
            if self._candidate is not None:
                self._note_step(0, received_mono_ns, is_sure=True)
            self._candidate = None
            # A line in time shows that those before it were late, and how late lines come here.
            jitter_ns = min(self._unresolved_late_ns, JITTER_MAX_NS)
            run.jitter_ns, self._unresolved_late_ns = max(run.jitter_ns, jitter_ns), 0

    def _begin(self, name: str, tick_us: int, received_mono_ns: int) -> _Run:
        run = _Run(
            name=name,
            first_us=tick_us,
            first_mono_ns=received_mono_ns,
            latest_us=tick_us,
            latest_mono_ns=received_mono_ns,
            agreeing_count=1,
        )
        run.ticks.observe(tick_us, received_mono_ns)
        return run

    def _next_name(self) -> str:
        self.runs_count += 1
        return f"{self._name}~{self.runs_count}"

    def _note_step(self, step_ns: int, received_mono_ns: int, *, is_sure: bool) -> None:
        self.steps.append(ClockStep(step_ns=step_ns, received_mono_ns=received_mono_ns, is_sure=is_sure))

    def _lost(self, run: _Run, tick_us: int, received_mono_ns: int) -> ClockStamp:
        """Return the stamp of a line that may be of this setting of the clock or of one before."""
        claims_ns = [
            tick_us * 1000 + one.ticks.lag_at(tick_us)
            for one in (run, *self._earlier)
            if tick_us * 1000 + one.ticks.lag_at(tick_us) <= received_mono_ns
        ]
        mono_ns = max(claims_ns, default=received_mono_ns)
        off_ns = max(received_mono_ns - mono_ns, mono_ns - min(claims_ns, default=mono_ns))
        stamp = self._stamp(run, tick_us, least_ns=off_ns, flag=CLOCK_LOST)
        return replace(stamp, mono_ns=mono_ns, clock=f"{run.name}~{tick_us}")

    def _stamp_set(self, run: _Run, tick_us: int, received_mono_ns: int, step_ns: int) -> ClockStamp:
        """Stamp the line that made a setting sure; what it lies behind the first of it may be a step too."""
        late_ns = self._late_ns(run, tick_us, received_mono_ns)
        return self._stamp(run, tick_us, least_ns=late_ns, flag=CLOCK_SET, step_ns=step_ns)

    def _stamp(
        self, run: _Run, tick_us: int, *, least_ns: int = 0, flag: str | None = None, step_ns: int = 0
    ) -> ClockStamp:
        stamp = run.ticks.stamp(tick_us)
        jitter_ns = run.jitter_ns if flag in (CLOCK_SET, CLOCK_LOST) else 0
        return ClockStamp(
            mono_ns=stamp.mono_ns,
            # Lines that come seldom tell no rate that is better than the crystal's own promise.
            rate_ppb=stamp.rate_ppb if stamp.rate_doubt_ppb <= RATE_MEASURED_PPB else 0,
            uncertainty_ns=max(stamp.uncertainty_ns + stamp.doubt_ns + LINE_JITTER_NS, jitter_ns) + least_ns,
            clock=run.name,
            flag=flag,
            step_ns=step_ns,
        )
