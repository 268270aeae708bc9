"""What the hall hears over HDMI, where the config asks for it: a lap, a new leader, that the time is up.

Only what happens now is heard: a display that catches up with the day is silent meanwhile."""

from __future__ import annotations

from collections.abc import Collection

from display.scene.show import Show
from pitboard.drawing.loudspeaker import Loudspeaker, Tones
from pitboard.journal.views.run_views import RunView
from pitboard.race.scene_names import HALL_SOUNDS, HallSound

TONES: dict[str, Tones] = {
    "lap": ((880, 90),),
    "new-leader": ((784, 110), (988, 110), (1_175, 110), (1_568, 320)),
    "time-up": ((660, 350), (0, 80), (660, 350)),
}


class HallSounds(Loudspeaker):
    def __init__(self, wanted: Collection[HallSound], *, volume_percent: int) -> None:
        muted = [sound for sound in HALL_SOUNDS if sound not in wanted]
        super().__init__(TONES, muted=muted, volume_percent=volume_percent)

    def hear(self, before: Show, now: Show, *, is_live: bool) -> None:
        """Let be heard what happened from one show to the next."""
        if is_live:
            for sound in sounds_between(before, now):
                self.play(sound)


def sounds_between(before: Show, now: Show) -> list[HallSound]:
    """Return what happened, each at most once, however many tracks it happened on."""
    heard: list[HallSound] = []
    if now.story is not before.story and now.story.is_new_leader:
        heard.append("new-leader")
    former = {run.run_id: run for run in before.board.on_track}
    pairs = [(former[run.run_id], run) for run in now.board.on_track if run.run_id in former]
    if any(one.phase != "time-up" and run.phase == "time-up" for one, run in pairs):
        heard.append("time-up")
    if any(_lap_count(run) > _lap_count(one) for one, run in pairs):
        heard.append("lap")
    return heard


def _lap_count(run: RunView) -> int:
    return sum(len(place.laps) for place in run.places) or len(run.laps)
