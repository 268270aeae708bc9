"""What the official hears, and when."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

from pitboard.drawing.loudspeaker import Loudspeaker, Tones
from pitboard.unit_api.screen_state import Run, ScreenState

Sound = Literal["lap", "best", "time-up", "sensor-lost", "refused"]
SOUNDS: tuple[Sound, ...] = get_args(Sound)
TONES: dict[str, Tones] = {
    "lap": ((880, 90),),
    "best": ((880, 90), (1_175, 90), (1_568, 160)),
    "time-up": ((660, 250), (0, 80), (660, 250)),
    "sensor-lost": ((330, 200), (220, 400)),
    "refused": ((220, 180),),
}


def sounds_between(before: ScreenState | None, now: ScreenState) -> list[Sound]:
    """Return what has happened from one state of the unit to the next, as sounds."""
    if before is None:
        return []
    heard: list[Sound] = []
    run, former = now.run, before.run
    if run is not None and former is not None and run.run_id == former.run_id:
        if _lap_count(run) > _lap_count(former):
            is_best = run.best_ns is not None and (former.best_ns is None or run.best_ns < former.best_ns)
            heard.append("best" if is_best else "lap")
        if now.phase == "time-up" and before.phase != "time-up":
            heard.append("time-up")
    if _sees(before) and not _sees(now):
        heard.append("sensor-lost")
    return heard


def _lap_count(run: Run) -> int:
    return sum(len(place.laps) for place in run.places) or len(run.laps)


def _sees(screen: ScreenState) -> bool:
    return any(light.light == "sensor" and light.state != "bad" for light in screen.lights)


class Sounds(Loudspeaker):
    """The loudspeaker of the official's screen."""

    def __init__(self, *, muted: Collection[Sound] = (), volume_percent: int = 60) -> None:
        super().__init__(TONES, muted=muted, volume_percent=volume_percent)
