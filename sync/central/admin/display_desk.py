"""The admin's word to displays: what they show, and sentences for the hall; each is one signed record.

A display is named by its key, by the name it has, or as `all`."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Id, OptionalId, UtcMs
from pitboard.race.bodies.display_bodies import (
    BrightnessPercent,
    DisplayAssigned,
    MessagePosted,
    PlaylistItem,
)
from pitboard.race.names import fold_name
from pitboard.race.scene_names import SCENE_NAMES, USUAL_ROUND, WHOLE_VENUE
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.said import Said, Told, told
from sync.central.admin.seen import Seen, SeenCheck

SAVE_MAX_S = 10.0
ALL_WORDS = ("all", WHOLE_VENUE)


class SteerDisplay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty playlist is the usual round; `name` renames the display. What is None stays as it is."""

    display: Id
    playlist: Annotated[tuple[PlaylistItem, ...], Meta(max_length=32)] | None = None
    name: OptionalId = ""
    track: OptionalId | None = None
    race_class: OptionalId | None = None
    brightness_percent: BrightnessPercent | None = None
    is_on: bool | None = None
    restart: bool = False
    seen: Seen = None
    """What the form was read from: the fields of `display-assigned`."""


class TellDisplays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=280)]
    displays: tuple[Id, ...] = ()
    until_utc_ms: UtcMs = 0


class RemoveMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message_id: Id


class DisplayView(msgspec.Struct, frozen=True, kw_only=True):
    """A display that was enrolled, or that somebody steered; `display` is its key, or the name it was called
    by."""

    display: str
    name: str
    is_enrolled: bool
    assigned: DisplayAssigned | None


class DisplaysView(msgspec.Struct, frozen=True, kw_only=True):
    """`venue` is what all displays were told, None for nothing."""

    venue: DisplayAssigned | None
    displays: list[DisplayView]
    messages: list[MessagePosted]
    scenes: tuple[str, ...]


class DisplayDesk:
    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica
        self._programme = replica.fold.race.programme

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/admin/displays", self._list)
        app.router.add_post("/v1/admin/displays", self._steer)
        app.router.add_post("/v1/admin/messages", self._tell)
        app.router.add_post("/v1/admin/messages/remove", self._remove)

    async def _list(self, request: web.Request) -> web.Response:
        enrolled = self._replica.fold.roster.displays()
        steered = {one.display: one for one in self._programme.displays()}
        by_name = {fold_name(one.name): one for one in steered.values()}
        views = [
            DisplayView(
                display=key,
                name=name,
                is_enrolled=True,
                assigned=steered.get(key) or by_name.get(fold_name(name)),
            )
            for key, name in enrolled.items()
        ]
        shown = {one.assigned.display for one in views if one.assigned is not None} | {WHOLE_VENUE}
        views += [
            DisplayView(display=key, name=one.name, is_enrolled=False, assigned=one)
            for key, one in steered.items()
            if key not in shown
        ]
        return json_response(
            DisplaysView(
                venue=steered.get(WHOLE_VENUE),
                displays=sorted(views, key=lambda one: (one.name, one.display)),
                messages=self._programme.messages(),
                scenes=SCENE_NAMES,
            )
        )

    async def _steer(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await request.read(), type=SteerDisplay)
        unknown = [item.scene for item in said.playlist or () if item.scene not in SCENE_NAMES]
        if unknown:
            known = ", ".join((*SCENE_NAMES, USUAL_ROUND))
            reason = f"There is no scene '{unknown[0]}'. Scenes: {known}."
            raise ActRefused(code="unknown-scene", reason=reason)
        key, name = self._display(said.display)
        now = self._assigned(key, name)
        given = {
            "name": said.name or name,
            "playlist": said.playlist,
            "track": said.track,
            "race_class": said.race_class,
            "brightness_percent": said.brightness_percent,
            "is_on": said.is_on,
            "restart": secrets.token_hex(8) if said.restart else None,
        }
        body = DisplayAssigned(display=key, name=name)
        for field in given:
            fresh = getattr(now, field) if given[field] is None else given[field]
            body = msgspec.structs.replace(body, **{field: fresh})
        shown, wanted = ({field: getattr(one, field) for field in given} for one in (now, body))
        SeenCheck(self._replica.fold).check(said.seen, shown, ("display", now.display), wanted=wanted)
        await self._save(body)
        return json_response(_told(body, is_new_start=said.restart))

    async def _tell(self, request: web.Request) -> web.Response:
        """A message of no text takes all messages away."""
        said = msgspec.json.decode(await request.read(), type=TellDisplays)
        text = " ".join(said.text.split())
        if not text:
            standing = self._programme.messages()
            for message in standing:
                await self._save(
                    MessagePosted(message_id=message.message_id, text=message.text, is_gone=True)
                )
            return json_response(told("desk.done-messages-gone", count=len(standing)))
        displays = tuple(self._display(display)[0] for display in said.displays)
        body = MessagePosted(
            message_id=secrets.token_hex(8),
            text=text,
            displays=() if WHOLE_VENUE in displays else displays,
            until_utc_ms=said.until_utc_ms,
        )
        await self._save(body)
        return json_response(told("desk.done-message", text=text))

    async def _remove(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await request.read(), type=RemoveMessage)
        standing = next(
            (one for one in self._programme.messages() if one.message_id == said.message_id), None
        )
        if standing is None:
            raise ActRefused(code="unknown-message", reason="This message is gone already.")
        await self._save(MessagePosted(message_id=standing.message_id, text=standing.text, is_gone=True))
        return json_response(told("desk.done-message-gone"))

    def _display(self, typed: str) -> tuple[str, str]:
        """Return the key and name of the display; one that nobody steered before is known by its name."""
        if typed.lower() in ALL_WORDS:
            return WHOLE_VENUE, WHOLE_VENUE
        enrolled = self._replica.fold.roster.displays()
        if typed in enrolled and self._programme.display(typed) is None:
            return typed, enrolled[typed]
        for display in self._programme.displays():
            if typed == display.display or fold_name(typed) == fold_name(display.name):
                return display.display, display.name
        return typed, typed

    def _assigned(self, key: str, name: str) -> DisplayAssigned:
        """Return what the display was told last, perhaps under its name only."""
        said = self._programme.display(key)
        if said is None and key != WHOLE_VENUE:
            named = [one for one in self._programme.displays() if fold_name(one.name) == fold_name(name)]
            said = next((one for one in named if one.display != WHOLE_VENUE), None)
        return said or DisplayAssigned(display=key, name=name)

    async def _save(self, body: DisplayAssigned | MessagePosted) -> None:
        async with asyncio.timeout(SAVE_MAX_S):
            await self._replica.append(*signed([body], the_actor(), ""))


def _told(body: DisplayAssigned, *, is_new_start: bool) -> Told:
    """Return what the display will do as soon as it has this word."""
    is_all = body.display == WHOLE_VENUE
    who: Said | str = Said("desk.all-displays") if is_all else body.name
    if is_new_start:
        return told("desk.done-displays-anew" if is_all else "desk.done-display-anew", who=who)
    if not body.is_on:
        return told("desk.done-displays-dark" if is_all else "desk.done-display-dark", who=who)
    scenes = tuple(Said(f"touch.scene-{item.scene}") for item in body.playlist) or (
        Said("touch.scene-usual"),
    )
    if body.brightness_percent == 100:
        return told("desk.done-displays-show" if is_all else "desk.done-display-shows", who=who, what=scenes)
    code = "desk.done-displays-show-at" if is_all else "desk.done-display-shows-at"
    return told(code, who=who, what=scenes, percent=body.brightness_percent)
