"""Map a device's ticks to the host's monotonic clock.

A line is never received before its tick, only later: so of all pairs (tick, received) the lower envelope
tells the clocks' relation, and delays of USB or of a busy host fall out. Integers only."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

WINDOW_NS = 120_000_000_000
WINDOW_MAX_COUNT = 512
# Before the window is this long and this full, jitter would make a measured rate worse than none.
RATE_SPAN_MIN_NS = 20_000_000_000
RATE_MIN_COUNT = 16
# Without a rate a line counts the less, the longer it is past this age, since the drift is unknown.
UNMEASURED_AGE_US = 10_000_000
DOUBT_OF_FEW = 8
CRYSTAL_DRIFT_MAX_PPB = 60_000
RATE_MAX_PPB = 300_000
# CLOCK_MONOTONIC stands still while a host sleeps: a line then seems to arrive before its tick.
SUSPEND_MIN_NS = 50_000_000
STAMPS_REMEMBERED_MAX_COUNT = 512
PPB = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A tick on the host's clock; the doubts are how far it and the rate may be off for want of lines."""

    mono_ns: int
    rate_ppb: int
    doubt_ns: int
    rate_doubt_ppb: int
    uncertainty_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    tick_us: int
    lag_ns: int  # received, less the tick as nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """host = tick * 1000 + lag_ns + rate * (tick - tick_us)"""

    tick_us: int
    lag_ns: int
    rate_ppb: int
    spread_ns: int
    rate_error_ppb: int
    doubt_ns: int
    rate_doubt_ppb: int

    def lag_at(self, tick_us: int) -> int:
        return self.lag_ns + self.rate_ppb * (tick_us - self.tick_us) // 1_000_000


class TickClock:
    """Relates one start of one device to one boot of the host."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque()
        self._fit: _Fit | None = None
        self._is_fit_current = False
        self._stamped_ticks_us: list[int] = []
        self._stamped_mono_ns: list[int] = []

    @property
    def rate_ppb(self) -> int:
        """By how much more the host counts than the device in the same time."""
        return self._current_fit().rate_ppb if self._samples else 0

    @property
    def spread_ns(self) -> int:
        """How far the quickest lines lie apart; 0 where there was only one."""
        return self._current_fit().spread_ns if len(self._samples) > 1 else 0

    def lag_at(self, tick_us: int) -> int:
        """Return the lag of the quickest line at this tick: received, less the tick as nanoseconds."""
        return self._current_fit().lag_at(tick_us)

    def host_slept(self, slept_ns: int) -> None:
        """The host slept for so long: its clock stood still, the device's did not."""
        self._samples = deque(
            _Sample(tick_us=sample.tick_us, lag_ns=sample.lag_ns - slept_ns) for sample in self._samples
        )
        self._is_fit_current, self._fit = False, None

    def observe(self, tick_us: int, received_mono_ns: int) -> None:
        """Note that a line with this tick was received then. Late lines do no harm."""
        sample = _Sample(tick_us=tick_us, lag_ns=received_mono_ns - tick_us * 1000)
        if self._samples:
            # Old ticks are repeats: they came too late to tell anything.
            if tick_us < self._samples[-1].tick_us:
                return
            if sample.lag_ns < self._least_lag_ns(tick_us) - SUSPEND_MIN_NS:
                self._samples.clear()
                self._fit = None
        self._samples.append(sample)
        while tick_us - self._samples[0].tick_us > WINDOW_NS // 1000 or len(self._samples) > WINDOW_MAX_COUNT:
            self._samples.popleft()
        self._is_fit_current = False

    def leads_by_ns(self, tick_us: int, received_mono_ns: int) -> int:
        """Return how much sooner this line came than the quickest before it can explain; 0 for the first."""
        if not self._samples:
            return 0
        return max(0, self._least_lag_ns(tick_us) - (received_mono_ns - tick_us * 1000))

    def stamp(self, tick_us: int) -> Stamp:
        """Return this tick on the host's clock; ticks in order give instants in order.

        At least one line must have been observed.
        """
        fit = self._current_fit()
        mono_ns = self._in_order(tick_us, tick_us * 1000 + fit.lag_at(tick_us))
        distance_us = abs(tick_us - fit.tick_us)
        uncertainty_ns = 1_000 + fit.spread_ns + fit.rate_error_ppb * distance_us // 1_000_000
        return Stamp(
            mono_ns=mono_ns,
            rate_ppb=fit.rate_ppb,
            doubt_ns=fit.doubt_ns,
            rate_doubt_ppb=fit.rate_doubt_ppb,
            uncertainty_ns=uncertainty_ns,
        )

    def _least_lag_ns(self, tick_us: int) -> int:
        """The least lag that the fastest possible drift could explain at this tick."""
        drift_ns = RATE_MAX_PPB * (tick_us - self._samples[-1].tick_us) // 1_000_000
        # An outdated fit serves here, where only a sleep of the host matters.
        return (self._fit or self._current_fit()).lag_at(tick_us) - drift_ns

    def _current_fit(self) -> _Fit:
        if self._fit is None or not self._is_fit_current:
            self._fit = _fit(list(self._samples))
            self._is_fit_current = True
        return self._fit

    def _in_order(self, tick_us: int, mono_ns: int) -> int:
        at = bisect_left(self._stamped_ticks_us, tick_us)
        if at < len(self._stamped_ticks_us):
            mono_ns = min(mono_ns, self._stamped_mono_ns[at])
        if at > 0:
            mono_ns = max(mono_ns, self._stamped_mono_ns[at - 1])
        self._stamped_ticks_us.insert(at, tick_us)
        self._stamped_mono_ns.insert(at, mono_ns)
        if len(self._stamped_ticks_us) > STAMPS_REMEMBERED_MAX_COUNT:
            del self._stamped_ticks_us[0], self._stamped_mono_ns[0]
        return mono_ns


def _fit(samples: list[_Sample]) -> _Fit:
    span_us = samples[-1].tick_us - samples[0].tick_us
    is_enough = span_us * 1000 >= RATE_SPAN_MIN_NS and len(samples) >= RATE_MIN_COUNT
    rate_ppb = _envelope_rate_ppb(samples) if is_enough else None
    is_measured = rate_ppb is not None and abs(rate_ppb) <= RATE_MAX_PPB
    rate = rate_ppb if rate_ppb is not None and is_measured else 0
    last_us = samples[-1].tick_us
    lags = [
        (sample.lag_ns + _since(sample, last_us, rate, is_measured=is_measured), sample) for sample in samples
    ]
    least_ns, support = min(lags, key=lambda pair: pair[0])
    # How far the runners-up lie above the quickest tells how well the least delay is known.
    plain = sorted(sample.lag_ns + rate * (last_us - sample.tick_us) // 1_000_000 for sample in samples)
    third = min(2, len(lags) - 1)
    spread_ns = min(sorted(lag for lag, _ in lags)[third] - least_ns, plain[third] - plain[0])
    mean_ns = sum(plain) // len(plain) - plain[0]
    # The fewer the lines, the further the quickest of each half may lie from what a line without delay had.
    doubt_ns = 2 * spread_ns + min(DOUBT_OF_FEW * mean_ns // len(lags), SUSPEND_MIN_NS)
    return _Fit(
        tick_us=support.tick_us,
        lag_ns=support.lag_ns,
        rate_ppb=rate,
        spread_ns=spread_ns if len(samples) > 1 else SUSPEND_MIN_NS,
        rate_error_ppb=2 * spread_ns * 1_000_000 // span_us if is_measured else CRYSTAL_DRIFT_MAX_PPB,
        doubt_ns=doubt_ns,
        rate_doubt_ppb=doubt_ns * 1_000_000 // span_us if is_measured else CRYSTAL_DRIFT_MAX_PPB,
    )


def _since(sample: _Sample, last_us: int, rate_ppb: int, *, is_measured: bool) -> int:
    age_us = last_us - sample.tick_us
    if is_measured:
        return rate_ppb * age_us // 1_000_000
    return CRYSTAL_DRIFT_MAX_PPB * max(0, age_us - UNMEASURED_AGE_US) // 1_000_000


def _envelope_rate_ppb(samples: list[_Sample]) -> int:
    """Return the slope of the lower convex hull above the middle of the window.

    It is the line below all samples that lies closest to them in sum.
    """
    hull: list[_Sample] = []
    for sample in samples:
        while len(hull) >= 2 and _is_above(hull[-2], hull[-1], sample):
            hull.pop()
        hull.append(sample)
    middle_us = sum(sample.tick_us for sample in samples) // len(samples)
    for left, right in pairwise(hull):
        if right.tick_us >= middle_us and right.tick_us > left.tick_us:
            return (right.lag_ns - left.lag_ns) * 1_000_000 // (right.tick_us - left.tick_us)
    return 0


def _is_above(left: _Sample, middle: _Sample, right: _Sample) -> bool:
    return (middle.lag_ns - left.lag_ns) * (right.tick_us - left.tick_us) >= (right.lag_ns - left.lag_ns) * (
        middle.tick_us - left.tick_us
    )
