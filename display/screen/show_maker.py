"""Keeps the show up to date: one fold and the next make what the scenes are laid out from."""

from __future__ import annotations

import functools
import logging
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from display.following.badge import Badge
from display.scene.blocks import SentPicture
from display.scene.driver_laps import sectors_of_view
from display.scene.drivers import drivers
from display.scene.playlist import is_under_way, own_playlist
from display.scene.run_clock import learned
from display.scene.show import Moment, Queued, Show
from display.scene.story import told
from pitboard.drawing.picture_head import pixels_told
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.stage_view import view_stages
from pitboard.journal.views.views import BoardView, EntriesKept, EventView, view_board
from pitboard.race.bodies.display_bodies import DisplayAssigned, MessagePosted, SponsorSet
from pitboard.race.bodies.queue_bodies import JoinCodeGiven
from pitboard.race.ranking.boards import ALL
from pitboard.race.runs.sectors import ANYBODY, SectorKey
from pitboard.race.scene_names import WHOLE_VENUE
from pitboard.race.stages.programme import Programme

log = logging.getLogger(__name__)

NO_BOARD = BoardView(event=EventView("Pitboard", 1_000_000), entries=[], on_track=[], newest=None)
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
PICTURE_MAX_BYTES = 16 * 1_024 * 1_024
PICTURE_MAX_PIXELS = 16_000_000
"""64 MB while one is scaled; a file of 2 MB can hold a thousand times as many."""
PICTURE_HEAD_BYTES = 2 * 1_024 * 1_024
"""A camera's and a printer's notes may stand before a picture's size."""
PICTURES_MAX_COUNT = 60
MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayFacts:
    """What a display knows of itself: the ids it obeys, its name, the phone page, its sponsors' folder."""

    ids: tuple[str, ...] = ()
    name: str = ""
    phone_url: str = ""
    sponsors_folder: Path | None = None
    scenes: tuple[str, ...] = ()


class ShowMaker:
    """`show` is the present one; `take` makes the next one from a fold that changed."""

    def __init__(self, facts: DisplayFacts, badge: Badge) -> None:
        self._facts = facts
        self._assigned: DisplayAssigned | None = None
        self._messages: list[MessagePosted] = []
        self._is_first = True
        self._own = own_playlist(facts.scenes)
        self._entries = EntriesKept()
        self._own_sponsors = pictures_in(facts.sponsors_folder)
        self._sponsors: list[SponsorSet] = []
        self._join: JoinCodeGiven | None = None
        self._join_since_mono_ns = 0
        self.show = Show(
            board=NO_BOARD,
            badge=badge,
            display_name=facts.name,
            phone_url=facts.phone_url,
            sponsors=self._own_sponsors,
            playlist=self._own,
        )

    @property
    def assigned(self) -> DisplayAssigned | None:
        """What somebody told this display, or the whole venue, last."""
        return self._assigned

    @property
    def playlist_names(self) -> tuple[str, ...]:
        return tuple(item.scene for item in self.show.playlist)

    def take(self, fold: Fold, moment: Moment) -> Show:
        """Return the show of this fold; the round begins anew where something happened that all must see."""
        programme = fold.race.programme
        assigned = programme.assigned((*self._facts.ids, WHOLE_VENUE))
        view = _view(fold, assigned, self._entries)
        before = None if self._is_first else self.show.board
        story = told(self.show.story, before, view, mono_ns=moment.mono_ns)
        join = programme.join_code()
        if join != self._join:
            self._join, self._join_since_mono_ns = join, moment.mono_ns
        former_messages, self._messages = self._messages, programme.messages()
        begins_anew = (
            self._is_first
            or assigned != self._assigned
            or story is not self.show.story
            or is_under_way(view) != is_under_way(self.show.board)
            or self._messages != former_messages
        )
        self.show = replace(
            self.show,
            board=view,
            story=story,
            display_name=self._facts.name
            if assigned is None or assigned.display == WHOLE_VENUE
            else assigned.name,
            playlist=self._own if assigned is None else assigned.playlist or self._own,
            is_on=assigned is None or assigned.is_on,
            queue=_queue(fold, view),
            schedule=programme.schedule(),
            stages=tuple(view_stages(fold)),
            sector_bests=_sector_bests(fold, view),
            sponsors=self._with_sent(programme),
            unit_clocks=learned(self.show.unit_clocks, before, view, mono_ns=moment.mono_ns),
            since_mono_ns=moment.mono_ns if begins_anew else self.show.since_mono_ns,
        )
        self._assigned, self._is_first = assigned, False
        return self.show

    def whole_board(self, fold: Fold, *, count: int) -> BoardView:
        """Return the first entries of all tracks and classes; those that the show has are not made again."""
        if self.show.board.track or self.show.board.race_class:
            return view_board(fold, count=count)
        view = view_board(fold, kept=self._entries)
        return msgspec.structs.replace(view, entries=view.entries[:count])

    def _with_sent(self, programme: Programme) -> tuple[Path | SentPicture, ...]:
        """Return the folder's pictures and those of the event; the latter are put together only when they
        change, and one that is not whole yet is looked for again."""
        standing = programme.sponsors()
        sent_count = len(self.show.sponsors) - len(self._own_sponsors)
        if standing == self._sponsors and sent_count == len(standing):
            return self.show.sponsors
        self._sponsors = standing
        found = ((one.picture, programme.picture(one)) for one in standing)
        sent = (
            SentPicture(sha256, content)
            for sha256, content in found
            if content is not None and 0 < pixels_told(content) <= PICTURE_MAX_PIXELS
        )
        return (*self._own_sponsors, *sent)

    def with_now(self, badge: Badge, facts: Sequence[tuple[str, str]], moment: Moment) -> Show:
        """Return the show with what changes without a record: the badge, and messages whose time is over."""
        wanted = {self._facts.name, self.show.display_name, *self._facts.ids}
        messages = tuple(
            message.text
            for message in self._messages
            if (not message.displays or wanted & set(message.displays))
            and (message.until_utc_ms == 0 or message.until_utc_ms > moment.utc_ms)
        )
        join = self._join
        if join is not None and moment.mono_ns - self._join_since_mono_ns > 2 * join.lasts_min * MINUTE_NS:
            join = None  # central did not give another: who asks by this one is not heard
        self.show = replace(self.show, badge=badge, messages=messages, facts=tuple(facts), join=join)
        return self.show

    def message_ends_ms(self, moment: Moment) -> int | None:
        """Return in how long the next message's time is over."""
        ends = [
            one.until_utc_ms - moment.utc_ms for one in self._messages if one.until_utc_ms > moment.utc_ms
        ]
        return min(ends, default=None)


def _sector_bests(fold: Fold, view: BoardView) -> dict[SectorKey, int]:
    """Return the best times of the sectors that are driven now, of all and of each who drives: in confirmed
    runs, and in the laps on the track that count."""
    driven: dict[SectorKey, int] = {}
    for run, place, _ in drivers(view):
        for lap in place.laps:
            if not (lap.sectors and lap.counts):
                continue
            for begin, end, time_ns in sectors_of_view(lap):
                for who in {ANYBODY, place.competitor_id or run.run_id}:
                    key = (who, run.track, begin, end)
                    driven[key] = min(time_ns, driven.get(key, time_ns))
    if not driven:
        return {}
    bests = fold.boards.sector_bests
    return {key: min(time_ns, bests.best(key) or time_ns) for key, time_ns in driven.items()}


def pictures_in(folder: Path | None) -> tuple[Path, ...]:
    """Return the pictures in a folder by name; none where there is no such folder."""
    if folder is None or not folder.is_dir():
        return ()
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
    except OSError as error:
        log.warning("no pictures of sponsors, their folder cannot be read: path=%s reason=%s", folder, error)
        return ()
    return tuple(path for path in found[:PICTURES_MAX_COUNT] if _can_be_shown(path))


def _can_be_shown(path: Path) -> bool:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for, a device has no end
            reason = "it is no file"
        elif facts.st_size > PICTURE_MAX_BYTES:
            reason = "its file is too large"
        else:
            reason = _why_not(_pixels_of(path, facts.st_mtime_ns))
    except OSError as error:
        reason = str(error)
    if reason:
        log.warning("picture left out: path=%s reason=%s", path, reason)
    return not reason


def _why_not(pixels: int) -> str:
    if not pixels:
        return "it is no PNG, JPEG or WebP, or does not say how large it is"
    return "it has too many pixels" if pixels > PICTURE_MAX_PIXELS else ""


@functools.lru_cache(maxsize=PICTURES_MAX_COUNT)
def _pixels_of(path: Path, _changed_ns: int) -> int:
    """Return how many pixels the file says that it holds, before anybody unpacks it; 0 where it says none."""
    with path.open("rb") as file:
        return pixels_told(file.read(PICTURE_HEAD_BYTES))


def _view(fold: Fold, assigned: DisplayAssigned | None, kept: EntriesKept) -> BoardView:
    if assigned is None:
        return view_board(fold, kept=kept)
    view = view_board(fold, track=assigned.track or ALL, race_class=assigned.race_class or ALL, kept=kept)
    if not assigned.track:
        return view
    runs = [run for run in view.on_track if run.track == assigned.track]
    return BoardView(
        event=view.event,
        entries=view.entries,
        on_track=runs,
        newest=view.newest,
        track=view.track,
        race_class=view.race_class,
    )


def _queue(fold: Fold, view: BoardView) -> tuple[Queued, ...]:
    """Return who waits, on the board's track or on all of them."""
    race = fold.race
    found = []
    for track in [view.track] if view.track else race.programme.tracks_with_queue():
        for entry in race.programme.queue(track):
            if entry.state not in ("waiting", "called"):
                continue
            known = race.competitors.get(entry.competitor_id)
            found.append(
                Queued(
                    track=track,
                    name=race.name_of(entry.competitor_id),
                    number="" if known is None else known.number,
                    is_called=entry.state == "called",
                )
            )
    return tuple(found)
