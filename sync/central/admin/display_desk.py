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
from pitboard.race.bodies import (
    BrightnessPercent,
    DisplayAssigned,
    Id,
    MessagePosted,
    OptionalId,
    PlaylistItem,
    UtcMs,
)
from pitboard.race.names import fold_name
from pitboard.race.scene_names import SCENE_NAMES, USUAL_ROUND, WHOLE_VENUE

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


class TellDisplays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=280)]
    displays: tuple[Id, ...] = ()
    until_utc_ms: UtcMs = 0


class DisplayWord(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, in a sentence."""

    sentence: str


class DisplayDesk:
    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica
        self._programme = replica.fold.race.programme

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/admin/displays", self._steer)
        app.router.add_post("/v1/admin/messages", self._tell)

    async def _steer(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await request.read(), type=SteerDisplay)
        unknown = [item.scene for item in said.playlist or () if item.scene not in SCENE_NAMES]
        if unknown:
            known = ", ".join((*SCENE_NAMES, USUAL_ROUND))
            reason = f"There is no scene '{unknown[0]}'. Scenes: {known}."
            raise ActRefused(code="unknown-scene", reason=reason)
        key, name = self._display(said.display)
        now = self._programme.display(key) or DisplayAssigned(display=key, name=name)
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
        await self._save(body)
        return json_response(DisplayWord(sentence=_sentence(body, is_new_start=said.restart)))

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
            return json_response(DisplayWord(sentence=f"{len(standing)} messages are gone."))
        displays = tuple(self._display(display)[0] for display in said.displays)
        body = MessagePosted(
            message_id=secrets.token_hex(8),
            text=text,
            displays=() if WHOLE_VENUE in displays else displays,
            until_utc_ms=said.until_utc_ms,
        )
        await self._save(body)
        return json_response(DisplayWord(sentence=f"The displays say: {text}"))

    def _display(self, typed: str) -> tuple[str, str]:
        """Return the key and name of the display; one that nobody steered before is known by its name."""
        if typed.lower() in ALL_WORDS:
            return WHOLE_VENUE, WHOLE_VENUE
        for display in self._programme.displays():
            if typed == display.display or fold_name(typed) == fold_name(display.name):
                return display.display, display.name
        return typed, typed

    async def _save(self, body: DisplayAssigned | MessagePosted) -> None:
        async with asyncio.timeout(SAVE_MAX_S):
            await self._replica.append(body)


def _sentence(body: DisplayAssigned, *, is_new_start: bool) -> str:
    """Return what the display will do as soon as it has this word."""
    who, verb = ("All displays", "") if body.display == WHOLE_VENUE else (body.name, "s")
    if is_new_start:
        return f"{who} start{verb} anew as soon as they have this word."
    if not body.is_on:
        return f"{who} turn{verb} dark as soon as they have this word."
    what = ", ".join(item.scene for item in body.playlist) or "the usual round"
    bright = "" if body.brightness_percent == 100 else f" at {body.brightness_percent} % brightness"
    return f"{who} show{verb} {what}{bright} now, as soon as they have this word."
