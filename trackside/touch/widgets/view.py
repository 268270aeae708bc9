"""What the official is looking at: everything on the screen that the unit does not know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from trackside.touch.widgets.typed_contact import TypedContact


class Page(Enum):
    MAIN = "main"
    STATUS = "status"
    KEYBOARD = "keyboard"
    CONTACT = "contact"


class Purpose(Enum):
    REGISTER = "register"
    SEARCH = "search"


class Order(Enum):
    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What became of a tap, shown in the top bar until then."""

    kind: Literal["saved", "refused"]
    text: str
    until_mono_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A button that acts only when held, and since when it is."""

    name: str
    since_mono_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    page: Page = Page.MAIN
    purpose: Purpose = Purpose.REGISTER
    typed: str = ""
    contact: TypedContact | None = None  # on the contact page only; wiped when that page is left
    contact_edits: int = 0  # grows with each letter, since the contact itself is changed in place
    keys_page: int = 0
    search: str = ""
    order: Order = Order.NEWEST
    picked: str | None = None
    list_top: int = 0
    asks_discard: bool = False
    sending: frozenset[str] = frozenset()
    pressed: frozenset[str] = frozenset()
    hold: Hold | None = None
    message: Message | None = None
    is_link_lost: bool = False
