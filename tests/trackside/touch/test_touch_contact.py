"""The page that asks for an e-mail or a phone: optional, sealed where it is typed, and gone after."""

from __future__ import annotations

import asyncio
import gc

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.contacts.contact_seal import Contact, open_contact
from pitboard.unit_api.official_acts import KeepContact, Register
from pitboard.unit_api.screen_state import ContactSeal
from tests.race_story import ROOT
from tests.trackside.fake_unit import FakeUnit
from tests.trackside.touch.touch_samples import SEAL, run, screen, typed_contact
from tests.trackside.touch.touch_stage import Stage, open_stage
from trackside.touch.input.reaction import after_act, after_screen, react
from trackside.touch.scene.contact_scene import CONTACT_KEY_PAGES
from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import (
    Erase,
    Page,
    SaveContact,
    ShowPage,
    SkipContact,
    TurnKeys,
    TypeText,
    View,
)

ADMIN = X25519PrivateKey.from_private_bytes(b"k" * 32)
ADMIN_SEAL = ContactSeal(contact_key=ADMIN.public_key().public_bytes_raw().hex(), event_key=ROOT.key)


def asked(seal: ContactSeal | None = ADMIN_SEAL) -> View:
    return after_act(View(), Register(name="Ada"), {"competitor_id": "c9"}, seal)


def typed(text: str) -> View:
    view = asked()
    for letter in text:
        view = react(view, TypeText(letter)).view
    return view


def test_a_new_competitor_is_asked_only_where_the_event_takes_contacts() -> None:
    assert (asked().page, asked().picked) == (Page.CONTACT, "c9")
    assert (asked(None).page, asked(None).contact) == (Page.MAIN, None)


def test_what_was_typed_is_sealed_for_that_competitor() -> None:
    act = react(typed("ada+kart@example.org"), SaveContact()).act
    assert isinstance(act, KeepContact)
    contact = open_contact(bytes.fromhex(act.sealed), ADMIN, event_key=ROOT.key, competitor="c9")
    assert contact == Contact(email="ada+kart@example.org")
    assert react(typed("ada"), SaveContact()).act is None


def test_after_saving_or_skipping_the_name_is_picked_and_the_contact_gone() -> None:
    view = typed("0171 234567")
    act = KeepContact(competitor_id="c9", contact_key="", sealed="")
    for after in (react(view, SkipContact()).view, after_act(view, act, {})):
        assert (after.page, after.picked, after.contact) == (Page.MAIN, "c9", None)


def test_a_run_that_starts_elsewhere_takes_the_page_away() -> None:
    after = after_screen(typed("ada@"), screen("idle"), screen("armed", run(started_s_ago=None)))
    assert after == View()


def test_who_looks_at_the_lights_finds_the_contact_as_it_was() -> None:
    there = react(typed("ada@"), ShowPage(Page.STATUS)).view
    back = react(there, ShowPage(Page.MAIN)).view
    assert (back.page, back.contact and back.contact.count) == (Page.CONTACT, 4)


def test_each_letter_makes_another_view_and_erasing_takes_one_back() -> None:
    one = typed("a")
    two = react(one, TypeText("b")).view
    assert one != two
    assert two.contact is not None
    assert react(two, Erase()).view.contact is two.contact
    assert list(two.contact.letters_from_end()) == ["a"]


def test_only_letters_that_contacts_have_are_taken_up_to_the_bound() -> None:
    contact = typed_contact("zoë\n@\x00" + "x" * 400)
    letters = list(contact.letters_from_end())
    assert (len(letters), letters[-3:]) == (287, ["@", "o", "z"])


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", ""), ("ada", ""), ("a@b.de", "email"), ("01234", "phone"), ("a@b.de 01234", "both")],
)
def test_it_says_what_it_is(text: str, kind: str) -> None:
    assert typed_contact(text).kind == kind


def test_every_letter_of_an_address_and_a_number_can_be_typed_on_the_keys() -> None:
    keys = set("".join("".join(page) for page in CONTACT_KEY_PAGES))
    assert set("abcdefghijklmnopqrstuvwxyz0123456789@._-+()/ ") <= keys
    view = asked()
    for _ in CONTACT_KEY_PAGES:
        view = react(view, TurnKeys()).view
    assert view.keys_page == 0


async def type_and_save(stage: Stage[FakeUnit], text: str) -> None:
    await stage.tap("register")
    await stage.tap("keyboard:A")
    await stage.tap("keyboard:done")
    await stage.wait_for("contact:save", enabled=False)
    for letter in text:
        await stage.tap(f"keyboard:{letter}")
    await stage.tap("contact:save")
    await stage.wait_for("message", label="Saved: the contact is sealed")
    await stage.wait_for("start", enabled=True)


def test_by_finger_it_reaches_the_unit_sealed_and_nothing_of_it_stays_on_the_screen() -> None:
    async def story() -> FakeUnit:
        unit = FakeUnit()
        await unit.change(contact_seal=ADMIN_SEAL)
        async with open_stage(unit, width=800, height=480) as stage:
            await type_and_save(stage, "q@x.de")
        return unit

    [contact] = asyncio.run(story()).contacts
    sealed = bytes.fromhex(contact.sealed)
    opened = open_contact(sealed, ADMIN, event_key=ROOT.key, competitor=contact.competitor_id)
    assert opened == Contact(email="q@x.de")
    assert b"q@x.de" not in sealed


def test_a_contact_that_left_the_screen_is_wiped() -> None:
    async def story() -> list[str]:
        unit = FakeUnit()
        await unit.change(contact_seal=SEAL)
        async with open_stage(unit) as stage:
            await stage.tap("register")
            await stage.tap("keyboard:A")
            await stage.tap("keyboard:done")
            await stage.wait_for("contact:skip")
            await stage.ask(ask="text", text="ada@example.org")
            await stage.wait_for("contact:save", enabled=True)
            [contact] = [one for one in gc.get_objects() if isinstance(one, TypedContact) and one.count == 15]
            await stage.tap("contact:skip")
            await stage.wait_for("start")
            return list(contact.letters_from_end())

    assert asyncio.run(story()) == []
