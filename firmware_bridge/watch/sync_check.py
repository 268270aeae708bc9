"""The check of two systems before the doors open: one switch closed for both, and again a minute later.

The running bridge pairs what both saw; this only waits for two pairs and holds them against each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from firmware_bridge.watch.bridge_reporter import BridgeStatus, read_bridge_status
from pitboard.errors import NoSwitch
from pitboard.race.passings.two_systems import SYNC_APART_MIN_NS, Pair, Sighting, SyncCheck, check_sync
from pitboard.unit_api.unit_status import SystemsStatus

LOOK_EVERY_S = 0.5
SWITCH_MAX_LOOKS = 600  # five minutes for each time

Read = Callable[[], BridgeStatus]
Say = Callable[[str], None]


def check_synchronisation(gate: str, *, read: Read, say: Say, sleep: Callable[[float], None]) -> SyncCheck:
    """Return what the switch, closed twice, tells. Raises NoSwitch and BridgeStatusLost."""
    say(f"Close the switch for both systems at {gate} now.")
    first = _next_pair(gate, None, read=read, sleep=sleep)
    apart_s = SYNC_APART_MIN_NS // 1_000_000_000
    say(f"Both saw it. Close it again in {apart_s} s.")
    second = _next_pair(gate, first, read=read, sleep=sleep)
    return check_sync(first, second)


def read_at(path: Path) -> Read:
    return lambda: read_bridge_status(path)


def _next_pair(gate: str, before: Pair | None, *, read: Read, sleep: Callable[[float], None]) -> Pair:
    known = _view(gate, read())
    earliest_ns = 0 if before is None else before.a.mono_ns + SYNC_APART_MIN_NS
    for _ in range(SWITCH_MAX_LOOKS):
        sleep(LOOK_EVERY_S)
        view = _view(gate, read())
        is_new = view is not None and (known is None or view.pairs > known.pairs)
        if view is not None and is_new and view.latest_a_mono_ns >= earliest_ns:
            return Pair(
                a=Sighting(passing_id="a", mono_ns=view.latest_a_mono_ns),
                b=Sighting(passing_id="b", mono_ns=view.latest_b_mono_ns),
            )
    raise NoSwitch(
        f"the switch was not seen by both systems at {gate}: one misses it, or the gate has only one system"
    )


def _view(gate: str, status: BridgeStatus) -> SystemsStatus | None:
    return next((view for view in status.systems if view.gate == gate), None)
