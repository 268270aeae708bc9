"""Why the board does not move on: a code and who is meant; the sentence is made where somebody reads it."""

from __future__ import annotations

from dataclasses import dataclass

from pitboard.errors import AnotherEvent, Loss, LossCode, PeerLost

_SENTENCES = {
    LossCode.NO_NETWORK: "no network",
    LossCode.BUSY: "{who} is busy",
    LossCode.UNPROVEN: "{who} cannot show that it belongs to this event",
    LossCode.STRANGER: "{who} is not enrolled",
    LossCode.REVOKED: "{who} is revoked",
    LossCode.ANOTHER_EVENT: "{who} belongs to another event, {event}",
    LossCode.OTHER_CERTIFICATE: "{who} shows another certificate than at the enrolment",
    LossCode.DISK: "this display's disk cannot be written",
}
_ANY_OTHER = "{who} does not answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`who` is what people call the node, `event` the other event where that is the trouble."""

    code: LossCode
    who: str = ""
    event: str = ""

    @property
    def sentence(self) -> str:
        return _SENTENCES.get(self.code, _ANY_OTHER).format(who=self.who, event=self.event)

    @classmethod
    def of(cls, error: PeerLost, *, who: str) -> Trouble:
        """Return what the loss of this node means for the display."""
        event = error.event if isinstance(error, AnotherEvent) else ""
        return cls(code=error.code, who=who, event=event)


class SourceLost(Loss):
    """A source failed, is silent, or cannot show that it is one."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.sentence)
        self.trouble = trouble
