"""Boards with names from everywhere, as a display gets them."""

from __future__ import annotations

from collections.abc import Sequence

from display.following.badge import Badge
from display.scene.blocks import Scene
from display.scene.leaderboard import lay_out_leaderboard
from display.scene.show import Canvas, Moment, Show
from display.scene.story import Story
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.views import BoardView, EntryView, EventView
from pitboard.race.bodies.verdict_bodies import Verdict
from pitboard.race.runs.phases import Phase
from pitboard.race.runs.run_parts import Lap

MILLISECOND_NS = 1_000_000
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff, Maximiliane"
NAMES = (LONG_NAME, "日本語の名前", "العربية", "हिन्दी नाम", "Ελληνικά", "Anna Berg", "한국어 이름", "Bo")

LIVE = Badge(is_live=True, headline="Live")
STALE = Badge(is_live=False, headline="12 s old", reason="Track A does not answer")
BEFORE = Badge(
    is_live=False,
    headline="Board of 23 Nov, 14:32",
    reason="from before the power went off, looking for a timing unit",
)
SIZES = ((1920, 1080), (1280, 720), (3840, 2160), (1080, 1920))


def entries(count: int, *, first_ms: int = 11_862, step_ms: int = 437) -> list[EntryView]:
    """Return entries in order; the second and third share a time, the last of many has none."""
    times = [first_ms + step_ms * (1 if index == 2 else index) for index in range(count)]
    made = [
        EntryView(
            rank=times.index(time) + 1,
            competitor_id=f"c{index}",
            name=NAMES[index % len(NAMES)],
            best_ns=time * MILLISECOND_NS,
            gap_ns=(time - first_ms) * MILLISECOND_NS,
            laps=5,
            runs=1,
            set_utc_ms=0,
        )
        for index, time in enumerate(times)
    ]
    if count >= 12:
        made[-1] = EntryView(
            rank=None,
            competitor_id=f"c{count - 1}",
            name="No Time",
            best_ns=None,
            gap_ns=None,
            laps=0,
            runs=1,
            set_utc_ms=None,
        )
    return made


def lap_view(number: int, *, ms: int, is_short: bool = False, verdict: Verdict | None = None) -> Lap:
    return Lap(
        lap_id=f"lap-{number}",
        number=number,
        lap_ns=ms * MILLISECOND_NS,
        uncertainty_ns=1_000,
        is_short=is_short,
        verdict=verdict,
        counts=verdict == "valid" or (verdict is None and not is_short),
    )


def run_view(
    *,
    phase: Phase = "running",
    laps: Sequence[Lap] = (),
    passings: int | None = None,
    name: str = "Anna Berg",
    track: str = "Track A",
) -> RunView:
    """Return a run with one passing more than laps, unless told otherwise."""
    crossed = (0 if phase == "armed" else len(laps) + 1) if passings is None else passings
    return RunView(
        run_id=f"run {track}",
        unit="Unit",
        track=track,
        competitor_id="c1",
        name=name,
        phase=phase,
        laps=tuple(laps),
        best_ns=min((lap.lap_ns for lap in laps if lap.counts), default=None),
        passings=crossed,
        newest_passing_id=f"beam/{crossed}" if crossed else None,
    )


def board(count: int, *, on_track: Sequence[RunView] = (), newest: int | None = None) -> BoardView:
    return BoardView(
        event=EventView(name="Spring Cup 2026", resolution_ns=MILLISECOND_NS),
        entries=entries(count),
        on_track=list(on_track),
        newest=None if newest is None else f"c{newest}",
    )


NEWS_AT_NS = 10**12


def show_of(view: BoardView, badge: Badge = LIVE, *, story: Story | None = None) -> Show:
    return Show(board=view, badge=badge, story=story or Story(), since_mono_ns=NEWS_AT_NS)


def news(view: BoardView, *, at_mono_ns: int = NEWS_AT_NS) -> Story:
    """Return the story of a board whose newest result was told at that instant."""
    return Story(newest=view.newest, at_mono_ns=at_mono_ns)


def leaderboard(
    view: BoardView, badge: Badge = LIVE, size: tuple[int, int] = (1920, 1080), *, page: int = 0
) -> Scene:
    """Return the leaderboard at rest, turned so many pages on."""
    show, canvas = show_of(view, badge), Canvas(size=size)
    moment = Moment(show.since_mono_ns)
    for _ in range(page):
        changes = lay_out_leaderboard(show, moment, canvas).changes_mono_ns
        moment = Moment(moment.mono_ns if changes is None else changes)
    return lay_out_leaderboard(show, moment, canvas).scene
