"""What a tap means, before it is known what it changes; `reaction` decides that."""

from __future__ import annotations

from dataclasses import dataclass

from pitboard.unit_api.acts import Act
from trackside.touch.widgets.view import Page, Purpose


@dataclass(frozen=True, slots=True)
class SendAct:
    act: Act


@dataclass(frozen=True, slots=True)
class Pick:
    competitor: str


@dataclass(frozen=True, slots=True)
class ScrollTo:
    row: int


@dataclass(frozen=True, slots=True)
class TurnOrder:
    """Switch the list of names between newest first and by name."""


@dataclass(frozen=True, slots=True)
class ShowPage:
    page: Page


@dataclass(frozen=True, slots=True)
class OpenKeyboard:
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class TypeText:
    text: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Take back the last letter."""


@dataclass(frozen=True, slots=True)
class TurnKeys:
    """Show the next page of keys."""


@dataclass(frozen=True, slots=True)
class FinishTyping:
    """Use what was typed: search for it, or register it."""


@dataclass(frozen=True, slots=True)
class SaveContact:
    """Seal what was typed on the contact page and send it."""


@dataclass(frozen=True, slots=True)
class SkipContact:
    """Leave the contact page; what was typed is wiped."""


@dataclass(frozen=True, slots=True)
class ClearSearch:
    """Show all names again."""


@dataclass(frozen=True, slots=True)
class AskDiscard:
    """Ask whether the run shall be discarded: the first of two taps."""


@dataclass(frozen=True, slots=True)
class KeepRun:
    """Answer that question with no."""


Intent = (
    SendAct
    | Pick
    | ScrollTo
    | TurnOrder
    | ShowPage
    | OpenKeyboard
    | TypeText
    | Erase
    | TurnKeys
    | FinishTyping
    | SaveContact
    | SkipContact
    | ClearSearch
    | AskDiscard
    | KeepRun
)
