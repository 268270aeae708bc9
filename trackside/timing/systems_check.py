"""The check of two systems before the doors open, as it stands: one switch, and again a minute later.

The bridge pairs what both saw; here the two pairs that came after the official's tap are held against each
other. A switch closed too soon changes nothing: the minute goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pitboard.clock import Clock
from pitboard.errors import ActRefused
from pitboard.race.bodies.passing_bodies import SystemsChecked
from pitboard.race.passings.two_systems import SYNC_APART_MIN_NS, Pair, Sighting, SyncCheck, check_sync
from pitboard.sentences.language import Sentence
from pitboard.unit_api.official_acts import CheckSystems
from pitboard.unit_api.screen_state import SystemsLine
from pitboard.unit_api.unit_status import SystemsStatus
from trackside.timing.act_writer import who

CONTACT_MAX_NS = 300_000_000_000
"""So long somebody has for each time."""
SECOND_NS = 1_000_000_000

Line = tuple[str, str]
"""(track, gate)"""


@dataclass(slots=True)
class _Check:
    act: CheckSystems
    asked_mono_ns: int
    pairs_count: int
    first: Pair | None = None
    found: SyncCheck | None = None
    is_given_up: bool = False

    @property
    def is_under_way(self) -> bool:
        return self.found is None and not self.is_given_up


class SystemsChecks:
    """Each line of this unit that has two systems; `own_track` is what the bridge leaves out."""

    def __init__(self, clock: Clock, *, own_track: str) -> None:
        self._clock = clock
        self._own_track = own_track
        self._systems: dict[Line, SystemsStatus] = {}
        self._checks: dict[Line, _Check] = {}

    def begin(self, act: CheckSystems) -> None:
        """Wait for the first time, or stop waiting. Raises ActRefused where no line has two systems."""
        line = (act.track or self._own_track, act.gate)
        systems = self._systems.get(line)
        if systems is None:
            raise ActRefused(code="one-system", reason=f"Only one system stands at '{act.gate}'.")
        if act.stops:
            self._checks.pop(line, None)
            return
        self._checks[line] = _Check(act, self._clock.mono_ns(), systems.pairs)

    def hear(self, systems: Sequence[SystemsStatus]) -> list[SystemsChecked]:
        """Take what the bridge says of the pairs; return what the checks found by it, to be kept."""
        self._systems = {(one.track or self._own_track, one.gate): one for one in systems}
        return [found for line, one in self._systems.items() if (found := self._advance(line, one))]

    def lines(self) -> Iterable[SystemsLine]:
        """Yield the lines with how far their check is."""
        for (track, gate), systems in self._systems.items():
            check = self._checks.get((track, gate))
            yield SystemsLine(
                gate=gate,
                track="" if track == self._own_track else track,
                pairs=systems.pairs,
                is_checking=check is not None and check.is_under_way,
                is_synchronised=None if check is None or check.found is None else check.found.is_synchronised,
                says=() if check is None else (self._says(check),),
            )

    def _advance(self, line: Line, systems: SystemsStatus) -> SystemsChecked | None:
        check = self._checks.get(line)
        if check is None or not check.is_under_way:
            return None
        now_mono_ns = self._clock.mono_ns()
        if systems.pairs <= check.pairs_count:
            check.is_given_up = now_mono_ns - check.asked_mono_ns > CONTACT_MAX_NS
            return None
        check.pairs_count = systems.pairs
        latest = Pair(
            a=Sighting(passing_id="a", mono_ns=systems.latest_a_mono_ns),
            b=Sighting(passing_id="b", mono_ns=systems.latest_b_mono_ns),
        )
        if check.first is None:
            check.first, check.asked_mono_ns = latest, now_mono_ns
            return None
        found = check_sync(check.first, latest)
        if found.code == "too-soon":
            return None
        check.found = found
        return SystemsChecked(
            track=line[0],
            gate=line[1],
            first_ns=found.first_ns,
            second_ns=found.second_ns,
            apart_ns=found.apart_ns,
            found=found.code,
            **who(check.act),
        )

    def _says(self, check: _Check) -> Sentence:
        if check.found is not None:
            return Sentence(f"touch.sync-{check.found.code}", dict(check.found.fields))
        if check.is_given_up:
            return Sentence("touch.sync-no-switch")
        if check.first is None:
            return Sentence("touch.sync-first")
        left_ns = check.first.a.mono_ns + SYNC_APART_MIN_NS - self._clock.mono_ns()
        if left_ns <= 0:
            return Sentence("touch.sync-second")
        return Sentence("touch.sync-wait", {"seconds": -(-left_ns // SECOND_NS)})
