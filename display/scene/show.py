"""All that a scene is laid out from, as plain values: the race, what happened on it lately, and the screen.

A scene is a pure function of a show, a moment and a canvas; it names the next moment at which it would look
different by itself, so that the screen can sleep until then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from display.following.badge import Badge
from display.scene.blocks import DIGIT_PERMILLE, Measures, Scene, SentPicture, measure
from display.scene.story import Story
from pitboard.journal.views.stage_view import StageView
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.bodies.event_bodies import ScheduleItem
from pitboard.race.bodies.queue_bodies import JoinCodeGiven
from pitboard.race.runs.sectors import SectorKey
from pitboard.sentences.language import Language, language


class Moment(NamedTuple):
    """Now by this display's clocks: one measures, the other labels."""

    mono_ns: int
    utc_ms: int = 0


class Queued(NamedTuple):
    track: str
    name: str
    number: str
    is_called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """`unit_clocks` says for each boot of a unit how far its monotonic clock is ahead of this display's.

    `playlist` is what somebody assigned, empty for the usual one; `since_mono_ns` is when its first item
    began. `sector_bests` are the best times so far of the sectors that are driven now.
    """

    board: BoardView
    badge: Badge
    display_name: str = ""
    story: Story = field(default_factory=Story)
    queue: tuple[Queued, ...] = ()
    schedule: tuple[ScheduleItem, ...] = ()
    messages: tuple[str, ...] = ()
    stages: tuple[StageView, ...] = ()
    sector_bests: Mapping[SectorKey, int] = field(default_factory=dict)
    playlist: tuple[PlaylistItem, ...] = ()
    is_on: bool = True
    since_mono_ns: int = 0
    unit_clocks: Mapping[str, int] = field(default_factory=dict)
    phone_url: str = ""
    join: JoinCodeGiven | None = None
    sponsors: tuple[Path | SentPicture, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """The screen: its pixels, how wide a figure is, the language, and how high figures must be at least.

    `foot_px` is kept free at the bottom, for a line that belongs to no scene.
    """

    size: tuple[int, int]
    digit_permille: int = DIGIT_PERMILLE
    words: Language = field(default_factory=language)
    figure_min_px: int = 0
    foot_px: int = 0

    def measures(self, *, band_count: int = 0) -> Measures:
        return measure(
            self.size, band_count=band_count, digit_permille=self.digit_permille, foot_px=self.foot_px
        )


class Frame(NamedTuple):
    """A scene, and when it changes without news; None is never."""

    scene: Scene
    changes_mono_ns: int | None = None


def earliest(*moments: int | None) -> int | None:
    """Return the first of these moments, None where there is none."""
    return min((moment for moment in moments if moment is not None), default=None)
