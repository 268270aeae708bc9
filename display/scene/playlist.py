"""Which scene is shown at a moment: what somebody assigned, or the usual round.

While a run is under way the items "while a run" are shown alone; what has nothing to show is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from display.scene.blocks import Scene
from display.scene.bracket import lay_out_bracket, stage_shown
from display.scene.calculated_note import with_note
from display.scene.cards import (
    lay_out_celebration,
    lay_out_identify,
    lay_out_join,
    lay_out_message,
    lay_out_qr,
    lay_out_sponsors,
    lay_out_technical,
)
from display.scene.leaderboard import lay_out_leaderboard
from display.scene.lists import lay_out_next_up, lay_out_podium, lay_out_schedule
from display.scene.on_track import lay_out_on_track
from display.scene.overlay import lay_out_overlay
from display.scene.show import Canvas, Frame, Moment, Show, earliest
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.runs.phases import TIMING
from pitboard.race.scene_names import SCENE_SECONDS

SECOND_NS = 1_000_000_000
WHILE_RUN = "run"
OFF = (0, 0, 0)
"""Of a display that somebody turned dark."""
USUAL: tuple[PlaylistItem, ...] = (
    PlaylistItem(scene="on-track", settings={"while": WHILE_RUN}),
    PlaylistItem(scene="message", seconds=12),
    PlaylistItem(scene="leaderboard", seconds=40),
    PlaylistItem(scene="bracket", seconds=15),
    PlaylistItem(scene="next-up", seconds=10),
    PlaylistItem(scene="join", seconds=12),
    PlaylistItem(scene="sponsors", seconds=10),
)
SCENES: dict[str, Callable[[Show, Moment, Canvas], Frame]] = {
    "leaderboard": lay_out_leaderboard,
    "on-track": lay_out_on_track,
    "next-up": lay_out_next_up,
    "podium": lay_out_podium,
    "schedule": lay_out_schedule,
    "message": lay_out_message,
    "sponsors": lay_out_sponsors,
    "qr": lay_out_qr,
    "join": lay_out_join,
    "identify": lay_out_identify,
    "technical": lay_out_technical,
    "celebration": lay_out_celebration,
    "bracket": lay_out_bracket,
    "overlay": lay_out_overlay,
}
_NEEDS: dict[str, Callable[[Show], bool]] = {
    "on-track": lambda show: bool(show.board.on_track),
    "next-up": lambda show: bool(show.queue),
    "podium": lambda show: any(entry.rank == 1 for entry in show.board.entries),
    "schedule": lambda show: bool(show.schedule),
    "message": lambda show: bool(show.messages),
    "sponsors": lambda show: bool(show.sponsors),
    "bracket": lambda show: stage_shown(show.stages) is not None,
    "qr": lambda show: bool(show.phone_url),
    "join": lambda show: show.join is not None,
}


def own_playlist(scenes: Sequence[str]) -> tuple[PlaylistItem, ...]:
    """Return the round of a display that was set up to show these scenes; empty for the usual one."""
    return tuple(PlaylistItem(scene=scene, seconds=SCENE_SECONDS) for scene in scenes)


def lay_out(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the frame of this moment, of whatever scene's turn it is."""
    if not show.is_on:
        return Frame(Scene(size=canvas.size, blocks=(), page=0, page_count=1, name="off", ground=OFF))
    name, ends_mono_ns = chosen(show, moment)
    frame = with_note(SCENES[name], show, moment, canvas)
    return Frame(frame.scene, earliest(frame.changes_mono_ns, ends_mono_ns))


def chosen(show: Show, moment: Moment) -> tuple[str, int | None]:
    """Return the scene of this moment, and when its turn is over; None while it may stay."""
    items = show.playlist or USUAL
    first, elapsed_ns = items[0], moment.mono_ns - show.since_mono_ns
    if first.scene == "identify":  # shown once, then never again
        if elapsed_ns < first.seconds * SECOND_NS:
            return "identify", show.since_mono_ns + first.seconds * SECOND_NS
        items, elapsed_ns = items[1:] or USUAL, elapsed_ns - first.seconds * SECOND_NS
    is_run = is_under_way(show.board)
    if not show.playlist and not is_run and show.story.is_celebrated(moment.mono_ns):
        return "celebration", show.story.changes_mono_ns(moment.mono_ns)
    usable = [item for item in items if item.scene in SCENES and _NEEDS.get(item.scene, _always)(show)]
    of_runs = [item for item in usable if item.settings.get("while") == WHILE_RUN]
    turning = of_runs if is_run and of_runs else [item for item in usable if item not in of_runs]
    if not turning:
        return "leaderboard", None
    celebration = None if show.playlist or is_run else show.story.changes_mono_ns(moment.mono_ns)
    if len(turning) == 1:
        return turning[0].scene, celebration
    round_ns = sum(item.seconds for item in turning) * SECOND_NS
    at_ns = elapsed_ns % round_ns
    for item in turning:
        at_ns -= item.seconds * SECOND_NS
        if at_ns < 0:
            return item.scene, earliest(moment.mono_ns - at_ns, celebration)
    raise AssertionError("a round is as long as its items")


def is_under_way(view: BoardView) -> bool:
    """Return whether anybody is on a track."""
    return any(run.phase in TIMING for run in view.on_track)


def _always(show: Show) -> bool:
    return True
