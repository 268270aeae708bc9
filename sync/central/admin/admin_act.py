"""What an admin may ask for, as it travels to central; names, runs and laps are as they were typed."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import ActRefused
from pitboard.journal.fold import Fold
from pitboard.race.bodies import Decision, Verdict
from pitboard.race.names import fold_name

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


REASON_MAX_LENGTH = 400
NAME_MIN_LENGTH = 3  # a name of one or two letters stands in any sentence
_BETWEEN_WORDS = re.compile(r"\W+")


def checked_reason(text: str, fold: Fold) -> str:
    """Return the reason, its blanks and signs tamed; raises ActRefused when it cannot be kept."""
    reason = " ".join("".join(map(_tame, unicodedata.normalize("NFC", text))).split())
    if not reason:
        raise ActRefused(code="reason-missing", reason="Say why, with --reason; it is kept with the act.")
    if len(reason) > REASON_MAX_LENGTH:
        raise ActRefused(code="reason-too-long", reason=f"Say why in at most {REASON_MAX_LENGTH} characters.")
    if (name := _name_within(reason, fold)) is not None:
        raise ActRefused(
            code="name-in-reason",
            reason=f"Leave the name '{name}' out of the reason: it would stay after that person is erased.",
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
