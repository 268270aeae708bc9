"""A display node: shows its last board first, and only then looks for the venue.

Whatever becomes of the network, the board stays on the screen; the badge says how old it is and why."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from urllib.parse import urlsplit

import pygame

from display.config import DisplayConfig
from display.display_door import DisplayDoor, door_of
from display.following.badge import Badge, badge_changes_ns, badge_for, clock_sentence
from display.following.contact_note import ContactNote
from display.following.display_presence import DisplayPresence, DisplayStatus, status_pages
from display.following.heard_source import ClosablePeer
from display.following.painted_first import PaintedFirst
from display.following.source_choice import Candidate, Claim, Rank
from display.following.source_follower import SourceFollower
from display.following.trouble import Trouble
from display.scene.show import Canvas, Show
from display.screen.board_screen import BoardScreen
from display.screen.frame_log import FrameLog
from display.screen.glass import Glass
from display.screen.hall_sounds import HallSounds
from display.screen.scene_painter import Painter
from display.screen.screen_picture import Thumbnail, save_picture, without_key
from display.screen.show_maker import DisplayFacts, ShowMaker
from display.steering import Steering
from pitboard.broker.broker_topics import Newest
from pitboard.clock import Clock, happened
from pitboard.doors.door_proof import DoorPass, prove_at_door
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.drawing.palette import KEY
from pitboard.drawing.window import Window
from pitboard.drawing.window_watch import WindowWatch
from pitboard.errors import LossCode
from pitboard.journal.kept_view import KeptView
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view
from pitboard.program.config import display_key_beside
from pitboard.program.service import SERVICE
from pitboard.sentences.language import language
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import ReplicaPeer
from sync.exchanging.requests_peer import RequestsPeer

log = logging.getLogger(__name__)

NOTE_CHECK_S = 5.0
LOOK_S = 4.0
"""Of the window, for what its connection did not tell: nobody presses keys on a wall."""
NO_SCREEN_LOOK_S = 2.0
PICTURE_EVERY_S = 0.1
ANSWER_MARGIN_S = 3.0
VIEW_EVERY_S = 5.0
VIEW_CHECK_S = 60.0
KEPT_ENTRIES = 200
"""Of the board that is kept for the next start: more than the first pages of any screen."""


def own_identity(journal: Path) -> Identity | None:
    """Return the key that the display was enrolled with, None where it never was."""
    path = display_key_beside(journal)
    return Identity.load_or_create(path) if path.exists() else None


def peer_at(url: str, *, name: str, pin: str | None, identity: Identity | None) -> RequestsPeer:
    """Return a client of the node there, which keeps room for who proves to be of the event."""

    def prove(challenge: str, fingerprint: str) -> str | None:
        return None if identity is None else prove_at_door(identity, challenge, fingerprint)

    return RequestsPeer(url, name=name, pin=pin, margin_s=ANSWER_MARGIN_S, auth=DoorPass(prove))


class DisplayNode:
    """Joins the parts of one display."""

    def __init__(
        self,
        config: DisplayConfig,
        replica: Replica,
        window: Window,
        painter: Painter,
        frame_log: FrameLog,
        clock: Clock,
        canvas: Canvas,
    ) -> None:
        self._config = config
        self._replica = replica
        self._window = window
        self._clock = clock
        self._note = ContactNote(config.journal.with_name(config.journal.name + ".contact"))
        self._note_wanted = asyncio.Event()
        self._words = language(config.language)
        door = door_of(config)
        self._identity = own_identity(config.journal)
        self._key = door.label_key if self._identity is None else self._identity.key
        # What was said of it before it was enrolled is still heard.
        ids = tuple(dict.fromkeys((self._key, door.label_key, config.name)))
        self._painter = painter
        self._picture_asked = asyncio.Event()
        facts = DisplayFacts(
            ids=ids,
            name=config.name,
            phone_url=config.phone_url,
            sponsors_folder=config.sponsors,
            scenes=config.scenes,
        )
        self._maker = ShowMaker(facts, Badge(is_live=False, headline=""))
        self._screen = BoardScreen(
            replica,
            window,
            painter,
            frame_log,
            clock,
            self._maker,
            canvas,
            badge=self._badge,
            facts=self._facts,
            on_frame=self.ask_for_picture if config.picture_always else None,
            on_news=self._hear if config.sounds else None,
        )
        self._sounds = HallSounds(config.sounds, volume_percent=config.volume_percent)
        self._glass = Glass()
        self._steering = Steering(
            replica,
            ids,
            self._glass,
            is_live=lambda: self._badge()[0].is_live,
            dim=self._dim,
            start_anew=lambda: self._stop.set(),
        )
        self._stop = asyncio.Event()
        self._newest = Newest()
        self._presence = self._new_presence(door)
        self._follower = self._new_follower()

    def _new_presence(self, door: DisplayDoor) -> DisplayPresence:
        """Return what makes the display known in the venue, and tells who else is there."""
        return DisplayPresence(
            status_pages(
                self._status, Thumbnail(lambda: self._window.surface, self._clock).picture, self._identity
            ),
            host=self._config.status_host,
            port=self._config.status_port,
            tls=door.tls,
            name=self._config.name,
            label_key=door.label_key,
            identity=self._identity,
            event_key=self._config.event_key,
            interfaces=self._config.mdns_interfaces,
            has_mdns=self._config.mdns,
            on_change=self._venue_changed,
            enrolled=lambda: self._replica.fold.roster.enrolled(),
        )

    def _new_follower(self) -> SourceFollower:
        """Return what brings the records, from whoever has them."""
        return SourceFollower(
            PaintedFirst(ReplicaPeer(self._replica), self._screen.painted),
            self._clock,
            have=self._replica.have,
            candidates=self._candidates,
            connect=self._connect,
            on_change=self._source_changed,
            contact=self._note.load(),
            roster=lambda: self._replica.fold.roster,
            proven_before=list(self._note.proven),
            on_proven=lambda source: self._note.remember(source.candidate, source.key),
        )

    def ask_for_picture(self) -> None:
        """Write the picture of what is on the screen soon."""
        self._picture_asked.set()

    async def run(self, stop: asyncio.Event, kept: KeptView) -> None:
        """Draw the last board, then follow the venue until `stop` is set."""
        self._stop = stop
        self._screen.draw()
        self._sounds.prepare()
        async with asyncio.TaskGroup() as tasks:
            workers = [
                tasks.create_task(self._screen.run(), name="screen"),
                tasks.create_task(self._take_events(stop), name="window events"),
                tasks.create_task(self._save_pictures(), name="pictures"),
                tasks.create_task(self._keep_note(), name="contact note"),
                tasks.create_task(self._steering.run(), name="steering"),
                tasks.create_task(self._keep_view(kept), name="kept view"),
                tasks.create_task(self._follower.run(), name="follow a source"),
                tasks.create_task(self._presence.run(), name="venue presence"),
            ]
            SERVICE.say_ready("display")
            await stop.wait()
            for worker in workers:
                worker.cancel()
        if self._follower.contact is not None:
            self._note.save(self._follower.contact)
        await self._save_view(kept)
        self._save_picture(self._window.surface)

    def _candidates(self) -> list[Candidate]:
        """Return whom to follow: configured units, found ones, those that proved themselves before, central.

        A found name wins. Where a unit proved itself is kept beside the address that somebody announces now.
        """
        found = {candidate.url: candidate for candidate in self._presence.units()}
        candidates = {}
        for url in self._config.units:
            address = url.rstrip("/")
            configured = Candidate(url=address, name=_name_of(address), claim=Claim.NAMED)
            candidates[address] = found.get(address, configured)
        candidates |= {url: unit for url, unit in found.items() if url not in candidates}
        for unit in (*self._note.candidates(), *self._follower.told_units()):
            candidates.setdefault(unit.url, unit)
        if self._config.central is not None:
            address = self._config.central.rstrip("/")
            # Wherever it is now: only the central of the enrolment is taken, by its certificate.
            elsewhere = self._presence.centrals() if self._config.central_fingerprint is not None else []
            for url in (address, *elsewhere):
                candidates.setdefault(url, Candidate(url=url, name="central", rank=Rank.CENTRAL))
        if (broker := self._config.broker) is not None:
            name = f"broker {broker.host}"
            candidates[broker.address] = Candidate(url=broker.address, name=name, rank=Rank.BROKER)
        return list(candidates.values())

    def _connect(self, candidate: Candidate) -> ClosablePeer:
        """Reach central only under its own certificate; all others are believed by signatures alone."""
        if candidate.rank == Rank.BROKER and self._config.broker is not None:
            from sync.exchanging.broker_peer import BrokerPeer  # few need it, and all would hold it

            return BrokerPeer(
                self._config.broker,
                name=candidate.name,
                root_key=self._config.event_key,
                newest=self._newest,
            )
        pin = self._config.central_fingerprint if candidate.rank == Rank.CENTRAL else ANY_CERTIFICATE
        return peer_at(candidate.url, name=candidate.name, pin=pin, identity=self._identity)

    def _hear(self, before: Show, now: Show) -> None:
        self._sounds.hear(before, now, is_live=self._badge()[0].is_live and now.is_on)

    def _venue_changed(self) -> None:
        self._follower.candidates_changed()
        self._screen.wake()

    def _source_changed(self) -> None:
        self._screen.wake()
        self._note_wanted.set()

    def _badge(self) -> tuple[Badge, int | None]:
        follower, now_mono_ns, boot_id = self._follower, self._clock.mono_ns(), self._clock.boot_id
        badge = badge_for(
            follower.contact,
            boot_id=boot_id,
            now_mono_ns=now_mono_ns,
            trouble=None if (trouble := self._trouble()) is None else trouble.said(self._words),
            follows_central=follower.source is not None and follower.source.rank == Rank.CENTRAL,
            follows_broker=(
                follower.source.name
                if follower.source is not None and follower.source.rank == Rank.BROKER
                else ""
            ),
            has_followed=follower.has_followed,
            has_board=self._replica.version > 0,
            catches_up_with=None if follower.source is None else follower.source.name,
            lacks_count=follower.lacks_count,
            missing_count=follower.missing_count,
            clock_note=clock_sentence(follower.clocks.note(), self._words),
            words=self._words,
        )
        changes_ns = badge_changes_ns(
            follower.contact, boot_id=boot_id, now_mono_ns=now_mono_ns, has_followed=follower.has_followed
        )
        return badge, changes_ns

    def _trouble(self) -> Trouble | None:
        """Return why the board does not move on, the nearest reason first."""
        if self._replica.journal.trouble is not None:
            return Trouble(code=LossCode.DISK)
        if not self._presence.has_network and not self._candidates():
            return Trouble(code=LossCode.NO_NETWORK)
        if self._follower.source is None:  # else nobody need look around, and every frame asks
            strange = self._presence.strange_event()
            if strange is not None and not self._presence.units():
                return Trouble(code=LossCode.ANOTHER_EVENT, who=strange[0], event=strange[1])
        return self._follower.trouble

    def _status(self) -> DisplayStatus:
        badge, _ = self._badge()
        source, have = self._follower.source, self._replica.have()
        return DisplayStatus(
            name=self._config.name,
            key=self._key,
            scene=self._screen.scene_name,
            source=None if source is None else source.name,
            is_live=badge.is_live,
            badge=badge.sentence,
            heads=len(have),
            records=sum(have.values()),
            size=self._window.surface.get_size(),
            has_screen=self._window.has_screen,
            clock=self._follower.clocks.note(),
            scenes=self._maker.playlist_names,
            brightness_percent=self._steering.brightness_percent,
            is_on=self._steering.is_on,
            temperature_mc=self._glass.temperature_mc(),
        )

    def _facts(self) -> list[tuple[str, str]]:
        """Return the technical page, where it is in the round: nobody else needs it, and every frame asks."""
        if "technical" not in self._maker.playlist_names:
            return []
        have, source = self._replica.have(), self._follower.source
        width, height = self._window.surface.get_size()
        return [
            ("Name", self._config.name),
            ("Key", self._key[:16]),
            ("Follows", "nobody" if source is None else source.name),
            ("Streams, records", f"{len(have)}, {sum(have.values())}"),
            ("Screen", f"{width} x {height}"),
            ("Language", self._config.language),
            ("Status port", str(self._config.status_port or "any")),
            ("Journal", str(self._config.journal)),
        ]

    def _dim(self, percent: int) -> None:
        self._painter.dim(percent)
        self._screen.repaint()

    async def _take_events(self, stop: asyncio.Event) -> None:
        watch = WindowWatch(self._window.descriptors, look_s=LOOK_S)
        while True:
            wants_close, needs_painting = _meant(self._window.events())
            if self._window.look(self._clock.mono_ns(), is_exposed=needs_painting) or needs_painting:
                self._screen.repaint()
            if wants_close:
                stop.set()
            await watch.wait(None if self._window.has_screen else NO_SCREEN_LOOK_S)

    async def _save_pictures(self) -> None:
        while True:
            await self._picture_asked.wait()
            self._picture_asked.clear()
            await asyncio.to_thread(self._save_picture, self._window.surface.copy())
            await asyncio.sleep(PICTURE_EVERY_S)

    def _save_picture(self, surface: pygame.Surface) -> None:
        path = self._config.picture_path
        if path is None:
            return
        try:
            keyed = self._screen.ground == KEY
            save_picture(without_key(surface, self._painter.key) if keyed else surface, path)
        except OSError as error:
            log.warning("picture not written: path=%s reason=%s", path, error)

    async def _keep_view(self, kept: KeptView) -> None:
        """Keep the board now and then, and at once when a person on it is erased."""
        version, erased_count = -1, len(self._replica.fold.erased_places)
        while True:
            await self._replica.wait_for_news(version, VIEW_CHECK_S)
            is_erased = len(self._replica.fold.erased_places) != erased_count
            if version != self._replica.version:
                if not is_erased:
                    await asyncio.sleep(VIEW_EVERY_S)
                version, erased_count = self._replica.version, len(self._replica.fold.erased_places)
                await self._save_view(kept)

    async def _save_view(self, kept: KeptView) -> None:
        view = encode_view(self._maker.whole_board(self._replica.fold, count=KEPT_ENTRIES))
        root_key, mark = self._replica.fold.root_key, self._replica.mark
        # A slow card must not hold up the frames.
        await asyncio.to_thread(kept.save, view, root_key=root_key, mark=mark)

    async def _keep_note(self) -> None:
        """Write the note when a source is found or lost, and now and then while one answers."""
        while True:
            self._note_wanted.clear()
            follower = self._follower
            if follower.contact is not None and (
                follower.source is None or self._note.is_due(follower.contact)
            ):
                await asyncio.to_thread(self._note.save, follower.contact)
            await happened(self._note_wanted, NOTE_CHECK_S)


def _meant(events: list[pygame.event.Event]) -> tuple[bool, bool]:
    """Return whether somebody asked to close the window, and whether it must be painted whole."""
    wants_close = needs_painting = False
    for event in events:
        if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
            wants_close = True
        elif event.type in (pygame.VIDEOEXPOSE, pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED):
            needs_painting = True
    return wants_close, needs_painting


def _name_of(url: str) -> str:
    return f"timing unit {urlsplit(url).hostname}"
