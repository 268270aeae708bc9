"""How far the board can be trusted to be the present one, in plain words.

Age is the time since the last answer of a source, measured by CLOCK_MONOTONIC; across a reboot nothing
measures it, so the sentence then names the moment of that answer, or says that the age is unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pitboard.sentences.language import Language, language
from sync.exchanging.venue_clocks import ClockNote

LIVE_MAX_NS = 4_000_000_000
_SECOND_NS = 1_000_000_000
_MINUTE_NS = 60 * _SECOND_NS
_CLOCK_WAS_SET_UTC_MS = 1_704_067_200_000  # 2024; a label before it comes from a clock that nobody set


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """When a source last answered; `mono_ns` means nothing without `boot_id`."""

    boot_id: str
    mono_ns: int
    utc_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    is_live: bool
    headline: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.headline}: {self.reason}" if self.reason else self.headline


def badge_for(
    contact: Contact | None,
    *,
    boot_id: str,
    now_mono_ns: int,
    trouble: str | None,
    follows_central: bool = False,
    follows_broker: str = "",
    has_followed: bool = True,
    has_board: bool = False,
    catches_up_with: str | None = None,
    lacks_count: int = 0,
    missing_count: int = 0,
    clock_note: str = "",
    words: Language | None = None,
) -> Badge:
    """Return the badge: `trouble` says why no source answers, None while one is being looked for.

    `has_followed` says whether the board has been of now since this process started, `has_board` whether
    there is anything to show. `lacks_count` records of the source that is followed are still to come; of what
    other sources proved to have, `missing_count` have not come, so the board may have been newer elsewhere.
    `clock_note` says that this machine's wall clock is wrong; it dates a board after the power was off.
    """
    say = (words or language()).say
    if trouble is None and catches_up_with is not None and lacks_count > 0:
        trouble = say(
            "display.badge.to-come",
            count=lacks_count,
            records=f"{lacks_count:,}",
            who=catches_up_with,
        )
    reason = trouble or say("display.badge.looking")
    if contact is None and has_board:
        return Badge(is_live=False, headline=say("display.badge.age-unknown"), reason=reason)
    if contact is None:
        return Badge(is_live=False, headline=say("display.badge.looks"), reason=trouble or "")
    if contact.boot_id != boot_id:
        return Badge(
            is_live=False,
            headline=_headline_of_before(contact, say),
            reason=say("display.badge.before", reason=reason),
        )
    age_ns = now_mono_ns - contact.mono_ns
    if age_ns < LIVE_MAX_NS and has_followed:
        reasons = [say("display.badge.from-central")] if follows_central else []
        reasons += [say("display.badge.by-broker", who=follows_broker)] if follows_broker else []
        if missing_count > 0 and lacks_count == 0:
            records = f"{missing_count:,}"
            reasons.append(say("display.badge.not-come", count=missing_count, records=records))
        reasons += [clock_note] if clock_note else []
        return Badge(is_live=True, headline=say("display.live"), reason=", ".join(reasons))
    return Badge(is_live=False, headline=say("display.badge.old", age=age_text(age_ns, words)), reason=reason)


def badge_changes_ns(
    contact: Contact | None, *, boot_id: str, now_mono_ns: int, has_followed: bool = True
) -> int | None:
    """Return in how long the badge reads differently by age alone; None if it never does."""
    if contact is None or contact.boot_id != boot_id:
        return None
    age_ns = now_mono_ns - contact.mono_ns
    if age_ns < LIVE_MAX_NS and has_followed:
        return LIVE_MAX_NS - age_ns
    step_ns = _SECOND_NS if age_ns < _MINUTE_NS else _MINUTE_NS
    return step_ns - age_ns % step_ns


def clock_sentence(note: ClockNote | None, words: Language | None = None) -> str:
    """Return what is wrong with this display's clock, nothing while it agrees with the others."""
    if note is None:
        return ""
    return (words or language()).say(f"display.clock.{note.way}", who=note.who, gap=note.gap)


def age_text(age_ns: int, words: Language | None = None) -> str:
    """Return `12 s`, `3 min`, `2 h 5 min` or `3 days`."""
    seconds = max(0, age_ns) // _SECOND_NS
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return (words or language()).say("display.badge.days", count=hours // 24)


def _headline_of_before(contact: Contact, say: Callable[..., str]) -> str:
    if contact.utc_ms < _CLOCK_WAS_SET_UTC_MS:
        return say("display.badge.age-unknown")
    moment = datetime.fromtimestamp(contact.utc_ms / 1_000, UTC).astimezone()
    return say(
        "display.badge.board-of",
        day=moment.day,
        month=f"{moment:%b}",
        time=f"{moment:%H:%M}",
    )
