"""What an admin may ask for, as it travels to central; names, runs and laps are as they were typed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.race.bodies import Decision, Verdict

Typed = Annotated[str, Meta(max_length=400)]


class AdminAct(msgspec.Struct, frozen=True, kw_only=True, tag_field="act", forbid_unknown_fields=True):
    """Base of the admin's acts; the text that names something is as it was typed."""

    reason: Annotated[str, Meta(max_length=4_000)]
    undo: bool = False


class Correct(AdminAct, frozen=True, kw_only=True, tag="correct"):
    lap: Typed
    time: Typed | None = None


class Judge(AdminAct, frozen=True, kw_only=True, tag="judge"):
    lap: Typed
    verdict: Verdict


class Decide(AdminAct, frozen=True, kw_only=True, tag="decide"):
    run: Typed
    decision: Decision


class Disqualify(AdminAct, frozen=True, kw_only=True, tag="disqualify"):
    competitor: Typed


class Reinstate(AdminAct, frozen=True, kw_only=True, tag="reinstate"):
    competitor: Typed


class Erase(AdminAct, frozen=True, kw_only=True, tag="erase"):
    competitor: Typed


AnyAct = Correct | Judge | Decide | Disqualify | Reinstate | Erase
