"""What a phone asks and is told, as values; the public door takes them and the desk answers."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import OptionalId, OptionalText

CODE_MAX_LENGTH = 12
ALIKE = "alike"
"""The state of an ask that was not taken: somebody is registered under this name; is it them?"""

EntryId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]


class JoinAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`entry_id` is chosen by the phone, so that the same ask sent again is one.

    `competitor_id` says "that is me" of somebody registered, `is_new` that it is somebody else.
    """

    entry_id: EntryId
    code: Annotated[str, Meta(max_length=CODE_MAX_LENGTH)]
    name: OptionalText
    race_class: OptionalId = ""
    track: OptionalId = ""
    competitor_id: OptionalId = ""
    is_new: bool = False


class AlikeView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody registered under the name that was typed."""

    competitor_id: str
    name: str
    number: str = ""
    race_class: str = ""


class JoinAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is "asked", that of the wait where it was taken before, or "alike"."""

    state: str
    alike: list[AlikeView] = []


class JoinDoor(Protocol):
    """What the public door is given: it can hand on an ask, and nothing else."""

    async def ask(self, ask: JoinAsk) -> JoinAnswer:
        """Return what became of it. Raises CallRefused."""

    async def is_linked(self) -> bool:
        """Return whether a unit of the venue is in touch with central."""
