"""What is said about the queue before a track: who waits, and who may ask to by phone."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pitboard.race.bodies.body import Act, Id, OptionalId, OptionalText


class QueueJoined(Act, frozen=True, kw_only=True):
    """A competitor waits for a run on the track."""

    entry_id: Id
    track: Id
    competitor_id: Id
    stage_id: OptionalId = ""
    heat_id: OptionalId = ""


QueueMark = Literal["waiting", "called", "skipped", "no-show", "left", "refused"]


class QueueMarked(Act, frozen=True, kw_only=True):
    """What became of the wait; "refused" is who asked by phone and may not wait."""

    entry_id: Id
    state: QueueMark


class QueueAsked(Act, frozen=True, kw_only=True):
    """Somebody asks by phone to wait: for the track named, for any where none is.

    An official lets them by `QueueJoined` with the same `entry_id`. A new competitor is to be registered
    under `competitor_id` with this name; it is empty where they are registered already.
    """

    entry_id: Id
    competitor_id: Id
    name: OptionalText = ""
    race_class: OptionalId = ""
    track: OptionalId = ""


class JoinCodeGiven(Act, frozen=True, kw_only=True):
    """Who reads this code in the venue may join the queue by phone at `address`; empty: nobody may now.

    After `lasts_min` there is another one, while central and a unit are in touch.
    """

    code: Annotated[str, Meta(max_length=12)]
    address: Annotated[str, Meta(max_length=300)] = ""
    lasts_min: Annotated[int, Meta(ge=1, le=1_440)] = 10


class QueueOrdered(Act, frozen=True, kw_only=True):
    """The order of those who wait; who is not named comes after, as joined."""

    track: Id
    entry_ids: Annotated[tuple[Id, ...], Meta(max_length=150)]
