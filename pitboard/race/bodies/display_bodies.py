"""What is said about the displays: what each shows, messages, and the sponsors' pictures."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import Act, Id, KeyHex, Name, OptionalId, ShortText, UtcMs

MESSAGE_MAX_LENGTH = 280


class MessagePosted(Act, frozen=True, kw_only=True):
    """A sentence for the displays named, for all where none is; shown until `until_utc_ms`, 0 for ever."""

    message_id: Id
    text: Annotated[str, Meta(min_length=1, max_length=MESSAGE_MAX_LENGTH)]
    displays: Annotated[tuple[Id, ...], Meta(max_length=64)] = ()
    until_utc_ms: UtcMs = 0
    is_gone: bool = False


class PlaylistItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A scene for so many seconds; `settings` is read by the scene."""

    scene: ShortText
    seconds: Annotated[int, Meta(ge=1, le=3_600)] = 15
    settings: dict[ShortText, int | str | bool] = {}


BrightnessPercent = Annotated[int, Meta(ge=10, le=100)]


class DisplayAssigned(Act, frozen=True, kw_only=True):
    """What the display with this key is called and shows: one scene, or several in turn; how bright, and
    whether at all. A `restart` that it has not seen before starts its program anew."""

    display: Id
    name: Name
    playlist: Annotated[tuple[PlaylistItem, ...], Meta(max_length=32)] = ()
    track: OptionalId = ""
    race_class: OptionalId = ""
    brightness_percent: BrightnessPercent = 100
    is_on: bool = True
    restart: OptionalId = ""


SPONSOR_PARTS_MAX_COUNT = 18
PICTURE_PART_MAX_BYTES = 11_264
"""In base64, with who sent it, it stays under the bound of a body."""


class SponsorSet(Act, frozen=True, kw_only=True):
    """A sponsor whose picture the displays show. `picture` is the SHA-256 of its bytes, which stand in
    `parts_count` records `picture-part`; bytes with another hash are not shown."""

    sponsor_id: Id
    name: Name
    picture: KeyHex
    parts_count: Annotated[int, Meta(ge=1, le=SPONSOR_PARTS_MAX_COUNT)]
    is_gone: bool = False


class PicturePart(Act, frozen=True, kw_only=True):
    """A part of the picture with this hash, counted from 0; `content` travels in base64."""

    picture: KeyHex
    part: Annotated[int, Meta(ge=0, lt=SPONSOR_PARTS_MAX_COUNT)]
    content: Annotated[bytes, Meta(max_length=PICTURE_PART_MAX_BYTES)]
