"""What the official is looking at: everything on the screen that the unit does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal

from pitboard.sentences.language import Language, language
from pitboard.unit_api.official_acts import Act
from pitboard.unit_api.screen_state import RunDetail
from trackside.touch.widgets.typed_contact import TypedContact


class Page(Enum):
    MAIN = "main"
    STATUS = "status"
    KEYBOARD = "keyboard"
    CONTACT = "contact"
    ACTS = "acts"
    PUT_RIGHT = "put-right"
    PENALTY = "penalty"
    HAND_OVER = "hand-over"
    PASSINGS = "passings"
    GIVE = "give"
    QUEUE = "queue"
    ASKED = "asked"
    CHANGED = "changed"
    STAGES = "stages"
    STAGE = "stage"
    DRAW = "draw"
    PERSON = "person"
    BOARD = "board"
    SENSORS = "sensors"
    DISPLAYS = "displays"
    DISPLAY = "display"
    MACHINE = "machine"
    SETTINGS = "settings"
    APPOINT = "appoint"


class Purpose(Enum):
    REGISTER = "register"
    SEARCH = "search"
    RENAME = "rename"
    NUMBER = "number"
    TRANSPONDER = "transponder"
    DISPLAY_NAME = "display-name"
    OFFICIAL = "official"


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
class Carried:
    """Somebody who waits is carried to another place: the order as it stood when they were lifted, and where
    they are held now. Once `is_dropped` that is shown until the unit has it."""

    entry_id: str
    order: tuple[str, ...]
    index: int
    is_dropped: bool = False

    @property
    def wanted(self) -> tuple[str, ...]:
        """The order if they were let go here."""
        rest = [one for one in self.order if one != self.entry_id]
        return (*rest[: self.index], self.entry_id, *rest[self.index :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is chosen on the page that draws heats or a bracket."""

    kind: str = "knockout"
    seeds: Literal["board", "queue", "all"] = "board"
    count: int = 8
    heat_size: int = 4
    advance: int = 2
    race_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this screen is set; `brightness_percent` is None where the panel's light cannot be."""

    language: str = "en"
    volume_percent: int = 60
    brightness_percent: int | None = None

    def changed(self, **fields: Any) -> Settings:
        return replace(self, **fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A competitor as typed so far; `transponders` with commas between them."""

    name: str = ""
    number: str = ""
    race_class: str = ""
    transponders: str = ""

    def changed(self, **fields: str) -> Person:
        return replace(self, **fields)


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
    renames: str | None = None  # whose name is being typed anew
    person: Person = Person()  # whose details are being typed, beside the name
    is_scan: bool = False  # what is typed began with a real keyboard or a scanner, on the start page
    leads_to: Page | None = None  # of the act that was tapped last; a page that is turned by hand forgets it
    asks_alike: bool = False  # somebody of the typed name is registered already: the same person?
    back: Page = Page.MAIN  # where the keyboard leads back to
    chosen: str = ""  # of the passings or of the queue
    carried: Carried | None = None  # of the queue
    official_id: str = ""  # who signed in
    signs_in: str = ""  # who is typing a PIN
    pin: str = ""
    appoints: str = ""  # the first official, who is choosing a PIN
    pin_before: str = ""  # as that PIN was typed first
    pins_differ: bool = False
    settings: Settings = Settings()
    next_format: str = ""  # of the next run alone; empty: the event's
    stage_id: str = ""  # whose heats are looked at
    drawing: Drawing = Drawing()
    place: int = 1  # of the run's places, the one that is put right
    insert_mono_ns: int | None = None  # where a missing passing would be put
    detail: RunDetail | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)  # of displays, by key; empty: none is shown
    list_top: int = 0
    asks_discard: bool = False
    sending: frozenset[str] = frozenset()
    slow: frozenset[str] = frozenset()  # being sent for so long that the official must know
    is_settling: bool = False  # the page is new and the finger has not been away: nothing that decides works
    language: Language = field(default_factory=language)
    pressed: frozenset[str] = frozenset()
    hold: Hold | None = None
    message: Message | None = None
    is_link_lost: bool = False
    last_words: tuple[tuple[str, str], ...] = ()  # (program, why it ended) of those that do not run

    def say(self, code: str, /, **fields: object) -> str:
        return self.language.say(code, **fields)


@dataclass(frozen=True, slots=True)
class SendAct:
    """`then` follows once the unit has the act: with the run that an arming answers. `leads_to` is the page
    that stands there once the act has brought a run back to review, in place of the review itself."""

    act: Act
    then: tuple[Act, ...] = ()
    leads_to: Page | None = None


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
class Choose:
    """Look at one of the passings, or of those who wait."""

    chosen: str
    place: int = 1


@dataclass(frozen=True, slots=True)
class ShowPlace:
    """Look at another place of the run: its laps, and what is done by hand is its driver's."""

    place: int


@dataclass(frozen=True, slots=True)
class ShowPassing:
    """Show the passings of the run, this one chosen."""

    passing_id: str
    place: int = 1


@dataclass(frozen=True, slots=True)
class PutPassing:
    """Look where a missing passing would be; None leaves that."""

    mono_ns: int | None


@dataclass(frozen=True, slots=True)
class Rename:
    """Type the competitor's name anew."""

    competitor_id: str
    person: Person


@dataclass(frozen=True, slots=True)
class ChooseOfficial:
    """Who is about to type a PIN; nobody where empty."""

    official_id: str


@dataclass(frozen=True, slots=True)
class TypePin:
    """A digit more; the last one signs in. An empty one takes the last back."""

    digit: str


@dataclass(frozen=True, slots=True)
class AppointTyped:
    """Whoever's name was typed chooses a PIN."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """Whoever signed in leaves the screen."""


@dataclass(frozen=True, slots=True)
class AskAlike:
    """Ask whether whoever is typed is the one who is registered already under that name."""


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Whoever was typed is registered already; None: it is somebody else of that name."""

    competitor_id: str | None


@dataclass(frozen=True, slots=True)
class ClearSearch:
    """Show all names again."""


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """`next_format` None leaves the format of the next run as it is."""

    settings: Settings
    next_format: str | None = None


@dataclass(frozen=True, slots=True)
class ShowDisplay:
    """Choose what this display shows."""

    display: str


@dataclass(frozen=True, slots=True)
class RenameDisplay:
    """Type the display's name anew."""

    display: str
    name: str


@dataclass(frozen=True, slots=True)
class ShowPerson:
    """Look at number, class and transponder of whose name is being typed."""


@dataclass(frozen=True, slots=True)
class ShowTyped:
    """Go back from the details to the name."""


@dataclass(frozen=True, slots=True)
class RegisterTyped:
    """Whoever was scanned or typed is not registered yet."""


@dataclass(frozen=True, slots=True)
class EditPerson:
    """Type this detail."""

    purpose: Purpose


@dataclass(frozen=True, slots=True)
class ChangePerson:
    person: Person


@dataclass(frozen=True, slots=True)
class ShowStage:
    """Look at the heats of this stage."""

    stage_id: str


@dataclass(frozen=True, slots=True)
class ChangeDrawing:
    """Choose something else of what is about to be drawn."""

    drawing: Drawing


@dataclass(frozen=True, slots=True)
class AskDiscard:
    """Ask whether the run shall be discarded: the first of two taps."""


@dataclass(frozen=True, slots=True)
class KeepRun:
    """Answer that question with no."""


ToPage = ShowPage | ShowStage | ShowPassing | ShowDisplay | ShowPerson
ToForm = Rename | RenameDisplay | ShowTyped | EditPerson | RegisterTyped | AppointTyped
Typing = OpenKeyboard | TypeText | Erase | TurnKeys | FinishTyping
Showing = (
    ToPage
    | ToForm
    | Pick
    | ScrollTo
    | TurnOrder
    | SkipContact
    | ClearSearch
    | AskDiscard
    | KeepRun
    | Choose
    | ShowPlace
    | PutPassing
    | ChooseOfficial
    | SignOff
    | AskAlike
    | ChangeDrawing
    | ChangePerson
    | ChangeSettings
)
"""What changes the view alone; the others ask for an act, or may."""
Intent = SendAct | SaveContact | TypePin | SamePerson | Typing | Showing
