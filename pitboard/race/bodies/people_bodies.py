"""What is said about people: officials, competitors, their names erased, and who read their contacts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import (
    TRANSPONDERS_MAX_COUNT,
    Act,
    Body,
    Id,
    KeyHex,
    Name,
    OptionalId,
    OptionalText,
    Reason,
    ShortText,
    Transponder,
)

Disqualification = Literal["disqualified"]


class OfficialAppointed(Act, frozen=True, kw_only=True):
    """An official may act under this id. `pin_box` holds what a PIN is checked against, `pin_keys` the key of
    the box for each machine that may open it; `pin` is the same in the open, of older versions. The rules
    never look.
    """

    official_id: Id
    name: Name
    pin: Annotated[str, Meta(max_length=400)] = ""
    pin_box: Annotated[str, Meta(max_length=800)] = ""
    pin_keys: Annotated[dict[ShortText, Annotated[str, Meta(max_length=200)]], Meta(max_length=80)] = (
        msgspec.field(default_factory=dict)
    )


class OfficialDismissed(Act, frozen=True, kw_only=True):
    """The official may no longer act; what was done stands."""

    official_id: Id


class CompetitorRegistered(Act, frozen=True, kw_only=True):
    """A competitor and the display name; names are the only personal data in the journal."""

    competitor_id: Id
    name: Name
    number: OptionalText = ""
    race_class: OptionalId = ""
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] = ()
    team: OptionalText = ""
    flag: Annotated[str, Meta(max_length=8)] = ""


class CompetitorChanged(Act, frozen=True, kw_only=True):
    """Only what is given changes; each field keeps its own last word."""

    competitor_id: Id
    name: Name | None = None
    number: OptionalText | None = None
    race_class: OptionalId | None = None
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] | None = None
    team: OptionalText | None = None
    flag: Annotated[str, Meta(max_length=8)] | None = None


class CompetitorsJoined(Act, frozen=True, kw_only=True):
    """`competitor_id` is the same person as `into_id`: one entry, all runs of both."""

    competitor_id: Id
    into_id: Id


class CompetitorJudged(Act, frozen=True, kw_only=True):
    """The admin disqualifies a competitor; None reinstates them."""

    competitor_id: Id
    disqualification: Disqualification | None


class PersonErased(Act, frozen=True, kw_only=True):
    """The bodies of these records {stream: [seq]} held the person's name and are gone for ever."""

    competitor_id: Id
    records: dict[str, list[int]]


class ContactKeyPublished(Body, frozen=True, kw_only=True):
    """Contacts of competitors are sealed to this X25519 public key from here on."""

    key: KeyHex


class ContactsRead(Body, frozen=True, kw_only=True):
    """The admin opened contacts: how many and why; whose stands at central only."""

    count: Annotated[int, Meta(ge=0, lt=2**53)]
    reason: Reason
