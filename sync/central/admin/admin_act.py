"""What an admin may ask for, as it travels to central; names, runs and laps are as they were typed."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import OptionalId, OptionalText, Transponder
from pitboard.race.bodies.verdict_bodies import Decision, PlaceStatus, Verdict
from pitboard.race.names import fold_name
from sync.central.admin.seen import Seen

Typed = Annotated[str, Meta(max_length=400)]


class AdminAct(msgspec.Struct, frozen=True, kw_only=True, tag_field="act", forbid_unknown_fields=True):
    """Base of the admin's acts; the text that names something is as it was typed."""

    reason: Annotated[str, Meta(max_length=4_000)]
    undo: bool = False
    act_id: OptionalId = ""
    """The same for each repetition of one request, which is then one act."""
    seen: Seen = None
    """What the form showed, by the names of `sync/central/admin/shown_state.py`."""


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


class Penalise(AdminAct, frozen=True, kw_only=True, tag="penalise"):
    """`time` is added to the place's time, `laps` are taken from it; `code` says what for."""

    run: Typed
    time: Typed | None = None
    laps: Annotated[int, Meta(ge=0, le=1_000)] = 0
    code: Annotated[str, Meta(max_length=40)] = ""


class JudgePlace(AdminAct, frozen=True, kw_only=True, tag="judge-place"):
    run: Typed
    status: PlaceStatus


class HandOver(AdminAct, frozen=True, kw_only=True, tag="hand-over"):
    """The run was driven by `competitor`, by nobody we know where that is empty."""

    run: Typed
    competitor: Typed


class TakeOffer(AdminAct, frozen=True, kw_only=True, tag="take-offer"):
    """Put in what system A missed, with its calculated time.

    `passing` is what another system saw of it, and may be left out where only one is offered.
    """

    run: Typed
    passing: Typed = ""


class Keep(AdminAct, frozen=True, kw_only=True, tag="keep"):
    """What was confirmed stays, though the run would be another now."""

    run: Typed


class Withdraw(AdminAct, frozen=True, kw_only=True, tag="withdraw"):
    """Take back one thing that a person said, named by its record."""

    stream: Typed
    seq: Annotated[int, Meta(ge=1, lt=2**53)]


class Change(AdminAct, frozen=True, kw_only=True, tag="change"):
    """Only what is given changes."""

    competitor: Typed
    name: OptionalText | None = None
    number: OptionalText | None = None
    race_class: OptionalText | None = None
    team: OptionalText | None = None
    flag: Annotated[str, Meta(max_length=8)] | None = None
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=8)] | None = None


class Join(AdminAct, frozen=True, kw_only=True, tag="join"):
    """`competitor` is the same person as `into`, whose entry stays."""

    competitor: Typed
    into: Typed


AnyAct = (
    Correct
    | Judge
    | Decide
    | Disqualify
    | Reinstate
    | Erase
    | Penalise
    | JudgePlace
    | HandOver
    | TakeOffer
    | Keep
    | Withdraw
    | Change
    | Join
)


REASON_MAX_LENGTH = 400
NAME_MIN_LENGTH = 3  # a name of one or two letters stands in any sentence
_BETWEEN_WORDS = re.compile(r"\W+")


def checked_reason(text: str, fold: Fold) -> str:
    """Return the reason, its blanks and signs tamed; raises ActRefused when it cannot be kept."""
    reason = " ".join("".join(map(_tame, unicodedata.normalize("NFC", text))).split())
    if not reason:
        raise ActRefused(code="reason-missing", reason="Say why; it is kept with the act.")
    if len(reason) > REASON_MAX_LENGTH:
        raise ActRefused(code="reason-too-long", reason=f"Say why in at most {REASON_MAX_LENGTH} characters.")
    if (name := _name_within(reason, fold)) is not None:
        raise ActRefused(
            code="name-in-reason",
            reason=f"Leave the name '{name}' out of the reason: it would stay after that person is erased.",
            fields={"name": name},
        )
    return reason


def _name_within(reason: str, fold: Fold) -> str | None:
    """Return a competitor's name that stands in the reason as whole words, None where there is none."""
    words = _words(reason)
    for competitor in fold.race.competitors.keys() - fold.race.erased:
        name = fold.race.name_of(competitor)
        folded = _words(name)
        if len(folded.strip()) >= NAME_MIN_LENGTH and folded in words:
            return name
    return None


def _words(text: str) -> str:
    return " " + _BETWEEN_WORDS.sub(" ", fold_name(text)).strip() + " "


def _tame(sign: str) -> str:
    category = unicodedata.category(sign)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Co", "Cs") else sign
