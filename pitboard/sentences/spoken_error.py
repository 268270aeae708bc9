"""An error in a person's language: what a command says before it ends, and a screen of what was refused.

In English an error speaks for itself, with the names and numbers that it met. In another language its code
chooses the sentence; one that the catalogue does not have, or that has no code of its own, stays English: it
names what to do, which "it was refused" does not."""

from __future__ import annotations

from pitboard.errors import (
    ActRefused,
    BeamLost,
    ConfigRefused,
    ContactClosed,
    JournalLost,
    NoCentral,
    PeerLost,
    PitboardError,
    Refusal,
    StreamTaken,
    TableRefused,
)
from pitboard.sentences.language import Language


def spoken(error: PitboardError, words: Language) -> str:
    """Return the error as one sentence."""
    if words.code == "en":
        return str(error)
    match error:
        case NoCentral():
            return words.say("error.no-central", reason=_why_lost(error, words))
        case PeerLost():
            return words.say("error.peer-lost", peer=error.peer, reason=_why_lost(error, words))
        case ConfigRefused() | TableRefused(line=None):
            return words.say("error.config-refused", path=error.path, reason=error.reason)
        case TableRefused():
            return words.say("error.table-refused", path=error.path, line=error.line, reason=error.reason)
        case JournalLost():
            return words.say("error.journal-lost", path=error.path, reason=error.reason)
        case StreamTaken():
            return words.say("error.stream-taken", stream=error.stream[:8], seq=error.seq)
        case BeamLost():
            return words.say(
                "error.beam-lost", port=error.port, why=error.trouble.code, **error.trouble.fields
            )
        case ContactClosed():
            return words.say("error.contact-closed", competitor=error.competitor)
        case ActRefused() if error.fields and words.knows(f"desk.refused-{error.code}"):
            return words.say(f"desk.refused-{error.code}", detail=error.reason, **error.fields)
        case Refusal() if error.code != Refusal.code and words.knows(f"refused.{error.code}"):
            return words.say(f"refused.{error.code}")
        case _:
            return str(error)


def _why_lost(error: PeerLost, words: Language) -> str:
    code = f"loss.{error.code.value}"
    return words.say(code) if words.knows(code) else error.reason
