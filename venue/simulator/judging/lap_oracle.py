"""The laps of a day worked out a second time, in the plainest way: every rule looks at all records anew.

It shares no code with the fold. Slow, and right by reading: what the fold says must agree with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from pitboard.journal.kinds import read_body
from pitboard.journal.record import Record

ADMIN, TIMEKEEPER = 2, 1
_ADMIN_KINDS = {
    "event-configured",
    "unit-enrolled",
    "unit-revoked",
    "lap-corrected",
    "competitor-judged",
    "person-erased",
}


@dataclass(frozen=True, slots=True, order=True)
class _Word:
    authority: int
    stamp: int
    stream: str
    seq: int


@dataclass(frozen=True, slots=True)
class _Said:
    word: _Word
    key: str
    kind: str
    body: Any


class LapOracle:
    """`laps(run)` gives (lap, lap_ns, measured_ns, counts, verdict) in the order driven."""

    def __init__(self, records: Iterable[Record], root_key: str) -> None:
        self._said_of: dict[str, list[_Said]] = {}
        for said in sorted(_believed(list(records), root_key), key=_moment):
            self._said_of.setdefault(said.kind, []).append(said)
        self._first_armed: dict[str, _Said] = {}
        for said in self._of("run-armed"):
            self._first_armed.setdefault(said.body.run_id, said)
        self._first_recorded: dict[tuple[str, str], _Said] = {}
        for said in self._of("passing"):
            self._first_recorded.setdefault((said.key, said.body.passing_id), said)
        self._windows = {run: self._windows_of(run) for run in self.runs}

    @property
    def runs(self) -> list[str]:
        return sorted(self._first_armed)

    def laps(self, run: str) -> list[tuple[str, int, int, bool, str | None]]:
        armed = self._first_armed[run]
        laps: list[tuple[str, int, int, bool, str | None]] = []
        for boot_id, from_mono_ns, elapsed_ns in self._windows[run]:
            passings = self._passings_in(run, boot_id, from_mono_ns)
            for opening, closing in itertools.pairwise(passings):
                if opening.mono_ns >= passings[0].mono_ns + armed.body.run_ms * 1_000_000 - elapsed_ns:
                    break
                laps.append(self._lap(run, armed.body.lap_min_ms, opening, closing))
        return laps

    def decision(self, run: str) -> str | None:
        decision: str | None = self._last(s for s in self._of("run-decided") if s.body.run_id == run)(
            "decision"
        )
        return decision

    def competitor(self, run: str) -> str:
        return str(self._first_armed[run].body.competitor_id)

    def _lap(
        self, run: str, lap_min_ms: int, opening: Any, closing: Any
    ) -> tuple[str, int, int, bool, str | None]:
        lap = closing.passing_id
        verdict = self._last(self._about(run, lap, "lap-judged"))("verdict")
        corrected = self._last(self._about(run, lap, "lap-corrected"))("lap_ns")
        measured = _between(opening, closing)
        is_short = corrected is None and measured < lap_min_ms * 1_000_000
        counts = verdict == "valid" or (verdict is None and not is_short)
        return (lap, measured if corrected is None else corrected, measured, counts, verdict)

    def _about(self, run: str, lap: str, kind: str) -> list[_Said]:
        return [said for said in self._of(kind) if said.body.run_id == run and said.body.lap_id == lap]

    def _windows_of(self, run: str) -> list[tuple[str, int, int]]:
        armed = self._first_armed[run].body
        resumed: dict[str, _Said] = {}
        for said in (said for said in self._of("run-resumed") if said.body.run_id == run):
            resumed.setdefault(said.body.boot_id, said)
        return [(armed.boot_id, armed.mono_ns, 0)] + [
            (said.body.boot_id, said.body.mono_ns, said.body.elapsed_ns)
            for said in sorted(resumed.values(), key=_moment)
        ]

    def _passings_in(self, run: str, boot_id: str, from_mono_ns: int) -> list[Any]:
        armed = self._first_armed[run]
        lane = (armed.key, armed.body.track, boot_id)
        starts = sorted(
            (mono_ns, other)
            for other in self.runs
            for boot, mono_ns, _ in self._windows[other]
            if (self._first_armed[other].key, self._first_armed[other].body.track, boot) == lane
        )
        after = [start for start in starts if start > (from_mono_ns, run)]
        until = after[0][0] if after else None
        finished = self._last_said(said for said in self._of("run-finished") if said.body.run_id == run)
        return sorted(
            (
                said.body
                for said in self._first_recorded.values()
                if (said.key, said.body.track, said.body.boot_id) == lane
                and said.body.mono_ns >= from_mono_ns
                and (until is None or said.body.mono_ns < until)
                and (
                    finished is None
                    or finished.body.boot_id != boot_id
                    or said.body.mono_ns <= finished.body.mono_ns
                )
            ),
            key=lambda body: (body.mono_ns, body.passing_id),
        )

    def _of(self, kind: str) -> list[_Said]:
        return self._said_of.get(kind, [])

    def _last_said(self, said: Iterable[_Said]) -> _Said | None:
        return max(said, key=lambda one: one.word, default=None)

    def _last(self, said: Iterable[_Said]) -> Any:
        """Return a reader of the deciding value: each authority's last word, the highest not withdrawn."""
        last: dict[int, _Said] = {}
        for one in sorted(said, key=lambda one: one.word):
            last[one.word.authority] = one

        def read(name: str) -> Any:
            values = [getattr(last[authority].body, name) for authority in sorted(last, reverse=True)]
            return next((value for value in values if value is not None), None)

        return read


def _believed(records: list[Record], root_key: str) -> list[_Said]:
    """Return what writers on the roster said and were allowed to say."""
    keys = {
        record.stream: msgspec.json.decode(record.body_bytes or b"{}").get("key")
        for record in records
        if record.seq == 1
    }
    said = []
    for record in records:
        body = None if record.body_bytes is None else read_body(record.header.kind, record.body_bytes)
        key = keys.get(record.stream)
        if body is not None and key is not None:
            authority = ADMIN if key == root_key else TIMEKEEPER
            word = _Word(authority, record.header.stamp, record.stream, record.seq)
            said.append(_Said(word, key, record.header.kind, body))
    standing: dict[str, _Said] = {}
    for one in sorted(said, key=lambda one: one.word):
        if one.key == root_key and one.kind in ("unit-enrolled", "unit-revoked"):
            standing[one.body.key] = one
    return [one for one in said if one.key == root_key or _counts(one, standing.get(one.key))]


def _counts(said: _Said, standing: _Said | None) -> bool:
    if standing is None or said.kind in _ADMIN_KINDS:
        return False
    return standing.kind == "unit-enrolled" or said.word.seq <= standing.body.heads.get(said.word.stream, 0)


def _between(opening: Any, closing: Any) -> int:
    is_one_device = (opening.sensor, opening.sensor_boot) == (closing.sensor, closing.sensor_boot)
    if is_one_device and None not in (opening.tick_us, closing.tick_us) and closing.tick_us > opening.tick_us:
        device_ns = (closing.tick_us - opening.tick_us) * 1_000
        return int(device_ns + device_ns * closing.rate_ppb // 1_000_000_000)
    return int(closing.mono_ns - opening.mono_ns)


def _moment(said: _Said) -> tuple[int, str, int]:
    return (said.word.stamp, said.word.stream, said.word.seq)
