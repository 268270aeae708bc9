"""Why the board does not move on: a code and who is meant; the sentence is made where somebody reads it."""

from __future__ import annotations

from dataclasses import dataclass

from pitboard.errors import AnotherEvent, LossCode, PeerLost
from pitboard.sentences.language import Language, language

_SAID = frozenset(
    (
        LossCode.NO_NETWORK,
        LossCode.BUSY,
        LossCode.UNPROVEN,
        LossCode.STRANGER,
        LossCode.REVOKED,
        LossCode.ANOTHER_EVENT,
        LossCode.OTHER_CERTIFICATE,
        LossCode.DISK,
        LossCode.CENTRAL_GONE,
        LossCode.OLDER,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`who` is what people call the node, `event` the other event where that is the trouble."""

    code: LossCode
    who: str = ""
    event: str = ""

    @property
    def sentence(self) -> str:
        """Return the sentence in English, for logs."""
        return self.said(language())

    def said(self, words: Language) -> str:
        code = self.code if self.code in _SAID else LossCode.NO_ANSWER
        return words.say(f"display.trouble.{code.value}", who=self.who, event=self.event)

    @classmethod
    def of(cls, error: PeerLost, *, who: str) -> Trouble:
        """Return what the loss of this node means for the display."""
        event = error.event if isinstance(error, AnotherEvent) else ""
        return cls(code=error.code, who=who, event=event)
