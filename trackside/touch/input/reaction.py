"""What a tap changes: the official's view, and perhaps an act to send."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Any, assert_never

from pitboard.drawing.text_runs import clusters
from pitboard.sentences.language import LANGUAGES, language
from pitboard.unit_api.official_acts import (
    PIN_LENGTH,
    Act,
    AppointOfficial,
    Arm,
    AssignDisplay,
    ChangeCompetitor,
    DrawStage,
    KeepContact,
    MoveStart,
    OrderQueue,
    Register,
    SignInOfficial,
)
from pitboard.unit_api.screen_state import ContactSeal, RunDetail, ScreenState
from trackside.touch.input.pointers import Carry
from trackside.touch.scene.contact_scene import CONTACT_KEY_PAGES
from trackside.touch.scene.keyboard_scene import KEY_PAGES, NAME_MAX_COUNT
from trackside.touch.scene.person_scene import transponders_of
from trackside.touch.scene.queue_scene import lifted
from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import (
    AppointTyped,
    AskAlike,
    AskDiscard,
    ChangeDrawing,
    ChangePerson,
    ChangeSettings,
    Choose,
    ChooseOfficial,
    ClearSearch,
    EditPerson,
    Erase,
    FinishTyping,
    Intent,
    KeepRun,
    OpenKeyboard,
    Order,
    Page,
    Person,
    Pick,
    Purpose,
    PutPassing,
    RegisterTyped,
    Rename,
    RenameDisplay,
    SamePerson,
    SaveContact,
    ScrollTo,
    SendAct,
    Settings,
    ShowDisplay,
    Showing,
    ShowPage,
    ShowPassing,
    ShowPerson,
    ShowPlace,
    ShowStage,
    ShowTyped,
    SignOff,
    SkipContact,
    ToForm,
    ToPage,
    TurnKeys,
    TurnOrder,
    TypePin,
    TypeText,
    Typing,
    View,
)
from trackside.touch.widgets.widgets import ListArea

CALM_MIN_MS = 700
_LEADS_TO = {
    Page.ACTS: Page.MAIN,
    Page.PUT_RIGHT: Page.MAIN,
    Page.PENALTY: Page.MAIN,
    Page.HAND_OVER: Page.MAIN,
    Page.KEYBOARD: Page.MAIN,
    Page.CHANGED: Page.MAIN,
    Page.GIVE: Page.PASSINGS,
    Page.STAGE: Page.STAGE,
    Page.PERSON: Page.MAIN,
    Page.DISPLAY: Page.DISPLAYS,
}
"""Where the screen goes from a page once what was tapped there is saved."""
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    view: View
    act: Act | None = None
    then: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """Whether the finger has been away since the page changed.

    Until it has been for CALM_MIN_MS, nothing that decides can be tapped: a tap that was meant for what stood
    there a moment ago, or the third of three impatient ones, must not decide what nobody has read.
    """

    since_mono_ns: int  # the page is that old, or the last touch since
    is_calm: bool = False

    def after(self, *, is_touched: bool, now_mono_ns: int) -> Calm:
        """Return the calm for now; once it is there, it stays until the next page."""
        if self.is_calm:
            return self
        if is_touched:
            return Calm(since_mono_ns=now_mono_ns)
        return replace(self, is_calm=now_mono_ns - self.since_mono_ns >= CALM_MIN_MS * _NS_PER_MS)


def changes_page(before: ScreenState | None, now: ScreenState) -> bool:
    """Tell whether other acts stand on the screen now; time up leaves them as they are."""
    if before is None or (before.phase, _run_id(before)) == (now.phase, _run_id(now)):
        return False
    return (before.phase, now.phase) != ("running", "time-up")


def react(view: View, intent: Intent) -> Reaction:
    """Return the view after the tap, and the act that it asks for."""
    match intent:
        case SendAct(act=act, then=then, leads_to=leads_to):
            return Reaction(view=replace(view, leads_to=leads_to), act=act, then=then)
        case SaveContact():
            return Reaction(view=view, act=None if view.contact is None else view.contact.sealed())
        case TypePin(digit=digit):
            return _type_pin(view, digit)
        case TypeText() | Erase() | TurnKeys() if view.page is Page.CONTACT and view.contact is not None:
            return Reaction(view=_type_contact(view, view.contact, intent))
        case OpenKeyboard() | TypeText() | Erase() | TurnKeys() | FinishTyping():
            return _react_to_typing(view, intent)
        case SamePerson(competitor_id=known):
            return _finish_typing(view) if known is None else Reaction(view=_picked(view, known))
        case _:
            return Reaction(view=_shown(view, intent))


def _shown(view: View, intent: Showing) -> View:
    """Return the view after a tap that only changes what is shown, and asks for no act."""
    match intent:
        case ShowPage() | ShowStage() | ShowPassing() | ShowDisplay() | ShowPerson():
            return _page_of(view, intent)
        case Rename() | RenameDisplay() | ShowTyped() | EditPerson() | RegisterTyped() | AppointTyped():
            return _form_of(view, intent)
        case Pick(competitor=competitor):
            return _picked(view, competitor)
        case ScrollTo(row=row):
            return replace(view, list_top=row)
        case TurnOrder():
            order = Order.NAME if view.order is Order.NEWEST else Order.NEWEST
            return replace(view, order=order, list_top=0)
        case SkipContact():
            return _without_contact(view)
        case AskDiscard():
            return replace(view, asks_discard=True)
        case KeepRun():
            return replace(view, asks_discard=False)
        case ClearSearch():
            return replace(view, search="", list_top=0)
        case ChangeDrawing(drawing=drawing):
            return replace(view, drawing=drawing)
        case Choose(chosen=chosen, place=place):
            return replace(view, chosen=chosen, place=place)
        case ShowPlace(place=place):
            return replace(view, place=place, list_top=0)
        case PutPassing(mono_ns=mono_ns):
            return replace(view, insert_mono_ns=mono_ns)
        case ChooseOfficial(official_id=official_id):
            return replace(view, signs_in=official_id, pin="", list_top=0)
        case SignOff():
            return signed_off(view)
        case AskAlike():
            return replace(view, asks_alike=True)
        case ChangeSettings(settings=settings, next_format=next_format):
            return _with_settings(view, settings, next_format)
        case ChangePerson(person=person):
            return replace(view, person=person)
        case _:
            assert_never(intent)


def _page_of(view: View, intent: ToPage) -> View:
    """Return the view on the page that was tapped for."""
    match intent:
        case ShowPage(page=page):
            return _turned(view, page)
        case ShowStage(stage_id=stage_id):
            return replace(_turned(view, Page.STAGE), stage_id=stage_id, chosen="")
        case ShowPassing(passing_id=passing_id, place=place):
            shown = replace(view, chosen=passing_id, place=place, insert_mono_ns=None, detail=None)
            return _turned(shown, Page.PASSINGS)
        case ShowDisplay(display=display):
            return replace(_turned(view, Page.DISPLAY), chosen=display)
        case ShowPerson():
            person = view.person.changed(name=view.typed)
            return replace(view, page=Page.PERSON, person=person, asks_alike=False)


def _form_of(view: View, intent: ToForm) -> View:
    """Return the view where what a tap asks for is typed, or was."""
    match intent:
        case Rename(competitor_id=competitor_id, person=person):
            return replace(
                view,
                page=Page.KEYBOARD,
                purpose=Purpose.RENAME,
                renames=competitor_id,
                typed=person.name,
                person=person,
                keys_page=0,
                back=view.page,
                asks_alike=False,
            )
        case RenameDisplay(display=display, name=name):
            named = replace(
                view, page=Page.KEYBOARD, purpose=Purpose.DISPLAY_NAME, chosen=display, typed=name
            )
            return replace(named, keys_page=0, back=Page.DISPLAY, asks_alike=False)
        case ShowTyped():
            return _typing_of(view, Purpose.REGISTER)
        case EditPerson(purpose=purpose):
            return _typing_of(view, purpose)
        case RegisterTyped():
            return _new_as_typed(view)
        case AppointTyped():
            name = " ".join(view.typed.split())
            return replace(view, page=Page.APPOINT, appoints=name, **_NO_PIN)


def after_screen(view: View, before: ScreenState | None, now: ScreenState) -> View:
    """Return the view for a new state of the unit: a new phase always shows its own page, from the top."""
    if not changes_page(before, now):
        return view  # the same list: what the official is about to judge must not move
    fresh = replace(
        view,
        picked=None,
        list_top=0,
        asks_discard=False,
        typed="",
        search="",
        chosen="",
        place=1,
        insert_mono_ns=None,
        detail=None,
        asks_alike=False,
        renames=None,
        person=Person(),
        carried=None,
    )
    fresh = _without_contact(fresh)
    if now.phase == "review" and view.leads_to is not None:
        return replace(fresh, page=view.leads_to, leads_to=None)
    stage_id = before.run.stage_id if before is not None and before.run is not None else ""
    if now.phase == "idle" and any(one.stage_id == stage_id for one in now.stages):
        return replace(fresh, page=Page.STAGE, stage_id=stage_id)
    return fresh


def after_act(
    view: View,
    act: Act,
    answer: dict[str, object],
    seal: ContactSeal | None = None,
    *,
    tapped_on: Page | None = None,
) -> View:
    """Return the view once the unit has the act; a page that is done with is left, if it is still shown.

    Who was just registered is picked, and asked for a contact where the event takes any.
    """
    if isinstance(act, KeepContact):
        return _without_contact(view)
    if isinstance(act, SignInOfficial):
        return replace(view, official_id=act.official_id, signs_in="", pin="", list_top=0)
    if isinstance(act, AppointOfficial):
        official_id = str(answer.get("official_id") or "")
        return replace(_turned(view, Page.MAIN), official_id=official_id, appoints="", typed="")
    if isinstance(act, Arm):
        view = replace(view, next_format="")
    if isinstance(act, AssignDisplay):
        return replace(_turned(view, Page.DISPLAYS), typed="")
    if isinstance(act, DrawStage):
        stage_id = answer.get("stage_id")
        return replace(_turned(view, Page.STAGE), stage_id=str(stage_id or ""), chosen="")
    if not isinstance(act, Register):
        view = replace(view, asks_discard=False, insert_mono_ns=None)
        there = _LEADS_TO.get(tapped_on) if tapped_on is view.page else None
        if there is None:
            return view
        return replace(_turned(view, there), typed="", renames=None, leads_to=view.leads_to)
    picked = answer.get("competitor_id")
    picked = picked if isinstance(picked, str) else None
    asks_contact = picked is not None and seal is not None
    return replace(
        view,
        page=Page.CONTACT if asks_contact else Page.MAIN,
        contact=TypedContact(picked, seal) if picked is not None and seal is not None else None,
        keys_page=0,
        picked=picked,
        typed="",
        search="",
        list_top=0,
        order=Order.NEWEST,
        asks_alike=False,
        person=Person(),
        renames=None,
    )


def signed_off(view: View) -> View:
    return replace(view, official_id="", signs_in="", pin="", page=Page.MAIN, list_top=0)


_NO_PIN: dict[str, Any] = {"pin": "", "pin_before": "", "pins_differ": False}


def _choose_pin(view: View, pin: str) -> Reaction:
    """Take the PIN once, and the second time where it is the same."""
    if not view.pin_before:
        return Reaction(view=replace(view, pin="", pin_before=pin, pins_differ=False))
    if pin != view.pin_before:
        return Reaction(view=replace(view, pin="", pin_before="", pins_differ=True))
    act = AppointOfficial(name=view.appoints, pin=pin)
    return Reaction(view=replace(view, **_NO_PIN), act=act)


def _type_pin(view: View, digit: str) -> Reaction:
    if not digit:
        return Reaction(view=replace(view, pin=view.pin[:-1]))
    pin = view.pin + digit
    if len(pin) < PIN_LENGTH:
        return Reaction(view=replace(view, pin=pin))
    if view.page is Page.APPOINT:
        return _choose_pin(view, pin)
    return Reaction(view=replace(view, pin=""), act=SignInOfficial(official_id=view.signs_in, pin=pin))


def with_detail(view: View, detail: RunDetail) -> View:
    """Return the view with the run's passings; the chosen one is on the screen when they come first."""
    is_first = view.detail is None
    newest_first = [one.passing_id for one in detail.raw_passings[::-1]]
    view = replace(view, detail=detail)
    if is_first and view.chosen in newest_first:
        return replace(view, list_top=max(0, newest_first.index(view.chosen) - 1))
    return view


def follow_up(act: Act, answer: dict[str, object]) -> Act:
    """Return what follows an act with the run that the act was answered with."""
    run_id = answer.get("run_id")
    if isinstance(act, MoveStart) and isinstance(run_id, str):
        return MoveStart(run_id=run_id, passing_id=act.passing_id)
    return act


def scrolled(view: View, the_list: ListArea, *, from_top: int, moved_px: int) -> View:
    """Return the view with the list dragged from where it stood, by whole rows."""
    rows = round(moved_px / the_list.row_px)
    return replace(view, list_top=max(0, min(the_list.top_max, from_top - rows)))


def carried_on(view: View, screen: ScreenState, carry: Carry, the_list: ListArea, *, turns: int) -> View:
    """Return the view with whoever is carried under the finger, and the list that many rows further."""
    carried = view.carried or lifted(screen, carry.name)
    if carried is None or carried.is_dropped:
        return view
    top = max(0, min(the_list.top_max, the_list.top + turns))
    index = max(0, min(len(carried.order) - 1, top + carry.row))
    return replace(view, carried=replace(carried, index=index), list_top=top)


def dropped(view: View) -> Reaction:
    """Return what it asks for that the finger let go of who was carried; at their own place that is a tap."""
    carried = view.carried
    if carried is None or carried.is_dropped:
        return Reaction(view=view)
    chosen = replace(view, chosen=carried.entry_id)
    if carried.wanted == carried.order:
        return Reaction(view=replace(chosen, carried=None))
    held = replace(carried, is_dropped=True)
    return Reaction(view=replace(chosen, carried=held), act=OrderQueue(entry_ids=carried.wanted))


def _turned(view: View, page: Page) -> View:
    """Return the view on that page; whoever looked at the lights meanwhile finds the contact as it was."""
    if page is Page.MAIN and view.page is Page.STATUS and view.contact is not None:
        page = Page.CONTACT
    return replace(view, page=page, list_top=0, insert_mono_ns=None, leads_to=None)


def _picked(view: View, competitor: str) -> View:
    """Return the view with this competitor picked; from the keyboard that leads back."""
    if view.page is Page.KEYBOARD:
        view = replace(view, page=Page.MAIN, typed="", search="", list_top=0, asks_alike=False)
    return replace(view, picked=competitor)


def _without_contact(view: View) -> View:
    """Return the view on the main page; the touchscreen wipes the contact that a view has lost."""
    return replace(view, page=Page.MAIN, contact=None, contact_edits=0)


def _type_contact(view: View, contact: TypedContact, intent: TypeText | Erase | TurnKeys) -> View:
    """Change the contact in place and return the view that shows it."""
    match intent:
        case TypeText(text=text):
            for letter in text:
                contact.type(letter)
        case Erase():
            contact.take_back()
        case TurnKeys():
            return replace(view, keys_page=(view.keys_page + 1) % len(CONTACT_KEY_PAGES))
    return replace(view, contact_edits=view.contact_edits + 1)


def begun_by_keys(view: View, text: str) -> View:
    """Return the view once a real keyboard or a scanner begins to type where nothing is typed yet: on the
    details that is a transponder, else somebody is looked for."""
    if view.page is Page.PERSON:
        began = replace(_typing_of(view, Purpose.TRANSPONDER), typed="")
    else:
        began = replace(react(view, OpenKeyboard(Purpose.SEARCH)).view, typed="", is_scan=True)
    return react(began, TypeText(text)).view


def _with_settings(view: View, settings: Settings, next_format: str | None) -> View:
    spoken = view.language
    if settings.language != view.settings.language and settings.language in LANGUAGES:
        spoken = language(settings.language)
    format_name = view.next_format if next_format is None else next_format
    return replace(view, settings=settings, next_format=format_name, language=spoken)


def _new_as_typed(view: View) -> View:
    """Return the view on which whoever was typed and is not there is registered; `name;number;transponder`
    fills all three."""
    name, number, transponders = (*(part.strip() for part in view.typed.split(";")), "", "")[:3]
    person = Person(name=name, number=number, transponders=transponders)
    fresh = replace(view, purpose=Purpose.REGISTER, typed=name, person=person, is_scan=False, keys_page=0)
    return replace(fresh, page=Page.PERSON if number or transponders else Page.KEYBOARD)


def _typing_of(view: View, purpose: Purpose) -> View:
    """Return the view on the keyboard, with what is typed of this detail; digits first where it has some."""
    typed = {Purpose.NUMBER: view.person.number, Purpose.TRANSPONDER: view.person.transponders}
    if purpose is Purpose.REGISTER and view.renames is not None:
        purpose = Purpose.RENAME
    is_detail = purpose in typed
    return replace(
        view,
        page=Page.KEYBOARD,
        purpose=purpose,
        typed=typed.get(purpose, view.person.name),
        keys_page=1 if is_detail else 0,
        back=Page.PERSON if is_detail else view.back if view.back is not Page.PERSON else Page.MAIN,
    )


def _react_to_typing(view: View, intent: Typing) -> Reaction:
    match intent:
        case OpenKeyboard(purpose=purpose):
            typed = view.search if purpose is Purpose.SEARCH else ""
            back = view.page if view.page in (Page.HAND_OVER, Page.STATUS) else Page.MAIN
            opened = replace(view, page=Page.KEYBOARD, purpose=purpose, typed=typed, keys_page=0, back=back)
            return Reaction(
                view=replace(opened, asks_alike=False, renames=None, person=Person(), is_scan=False)
            )
        case TypeText(text=text):
            typed = unicodedata.normalize("NFC", view.typed + _printable(text))[:NAME_MAX_COUNT]
            return Reaction(view=replace(view, typed=typed.lstrip(), asks_alike=False))
        case Erase():
            erased = "".join(clusters(view.typed)[:-1])
            return Reaction(view=replace(view, typed=erased, asks_alike=False))
        case TurnKeys():
            return Reaction(view=replace(view, keys_page=(view.keys_page + 1) % len(KEY_PAGES)))
        case FinishTyping():
            return _finish_typing(view)


def _finish_typing(view: View) -> Reaction:
    typed = " ".join(view.typed.split())
    if view.purpose is Purpose.SEARCH:
        return Reaction(view=replace(view, page=view.back, search=typed, typed="", list_top=0))
    if view.purpose in (Purpose.NUMBER, Purpose.TRANSPONDER):
        field = "number" if view.purpose is Purpose.NUMBER else "transponders"
        person = view.person.changed(**{field: typed})
        return Reaction(view=replace(view, page=Page.PERSON, person=person, typed=person.name))
    if view.purpose is Purpose.RENAME and view.renames is not None:
        act = ChangeCompetitor(competitor_id=view.renames, name=typed) if typed else None
        return Reaction(view=view, act=act)
    if not typed:
        return Reaction(view=view)
    register = Register(
        name=typed,
        number=view.person.number,
        race_class=view.person.race_class,
        transponders=transponders_of(view.person.transponders),
    )
    return Reaction(view=view, act=register)


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign in "\u200c\u200d")


def _run_id(screen: ScreenState) -> str | None:
    return screen.run.run_id if screen.run else None
