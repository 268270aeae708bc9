"""What every body of a record is made of: its base, who said it, and the bounds of its fields.

Every act of a person is an `Act`: who did it, where and why. `act_id` makes a repeated request one act, and
`ActWithdrawn` takes one back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=80)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
KeyHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Nanoseconds = Annotated[int, Meta(ge=0, lt=2**62)]
Transponder = Annotated[int, Meta(ge=0, lt=2**53)] | Annotated[str, Meta(min_length=1, max_length=80)]
PassingId = Annotated[str, Meta(min_length=1, max_length=250)]
LapId = PassingId
Reason = Annotated[str, Meta(max_length=400)]
ShortText = Annotated[str, Meta(min_length=1, max_length=40)]
OptionalId = Annotated[str, Meta(max_length=80)]
OptionalText = Annotated[str, Meta(max_length=80)]
LaneNumber = Annotated[int, Meta(ge=0, le=255)]
PlaceNumber = Annotated[int, Meta(ge=1, le=255)]
UtcMs = Annotated[int, Meta(ge=0, lt=2**53)]
PLACES_MAX_COUNT = 64
TRANSPONDERS_MAX_COUNT = 8


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of every body: values without circles, which nobody needs to look for in memory."""


class Act(Body, frozen=True, kw_only=True):
    """Base of what a person said: `by` is an official's or an admin's id, `where` a screen or terminal.

    When it was done is the record's stamp. All are empty where nobody signed in.
    """

    by: OptionalId = ""
    where: OptionalText = ""
    act_id: OptionalId = ""
    reason: Reason = ""


class ActWithdrawn(Act, frozen=True, kw_only=True):
    """The record at this place was never said; only its writer's own, or by the admin. It can be withdrawn
    too.

    What an erasure took cannot come back.
    """

    stream: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]
