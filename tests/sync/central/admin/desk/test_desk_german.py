"""The desk in a German browser: pages, dialogs and refusals, none of them wider than a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib import resources
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Route, expect

from pitboard.race.bodies.event_bodies import ClassSet
from pitboard.race.ranking.presets import PRESETS
from tests.sync.central.admin.desk.conftest import Organiser, Venue
from tests.sync.central.admin.desk.test_desk_pages import PAGES

PAGES_OF_A_RUN = ("#/competitors/c1",)
ENGLISH = re.compile(r"\b(the|and|of|no|not|none|nobody|tracks?|units?|runs?|laps?|with|is|are|your|for)\b")
SAID = {one.source for one in PRESETS} | {"run 1"}
"""Where a known format comes from is said in the book's own language; a column is named by its format."""


@pytest.fixture
def german(venue: Venue, browser: Browser) -> Iterator[Organiser]:
    context = browser.new_context(
        viewport={"width": 360, "height": 800}, ignore_https_errors=True, locale="de-DE"
    )
    context.set_default_timeout(8_000)
    page = context.new_page()
    organiser = Organiser(page, f"https://localhost:{venue.central.desk_port}")
    page.on("pageerror", lambda error: organiser.troubles.append(str(error)))
    venue.central.say(ClassSet(race_class="kids", name="Kinder"))
    organiser.set_up(venue.link(), "Zu klären", password="Neues Passwort", again="Das Passwort noch einmal")
    yield organiser
    assert organiser.troubles == []
    context.close()


def test_every_page_is_german_and_fits_a_phone(venue: Venue, german: Organiser) -> None:
    """With DESK_PICTURES=FOLDER each page is kept as a picture, to be looked at."""
    page = german.page
    pictures = os.environ.get("DESK_PICTURES")
    found: list[tuple[str, str]] = []
    for path in (*PAGES_OF_A_RUN, *(one for one in PAGES if "/competitors/" not in one)):
        german.go(path)
        page.wait_for_function(
            "path => document.querySelector('main').dataset.page === path", arg=quote(path, safe="#/,")
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        empty = "main => [...main.querySelectorAll('select')].filter((one) => one.selectedIndex < 0).length"
        assert page.locator("main").evaluate(empty) == 0, (path, "a word of a page is no value of a form")
        said = page.locator("main").evaluate(
            "main => [...main.querySelectorAll('h2, h3, label, button, th, dt, legend, .muted, .empty')]"
            ".map((one) => one.firstChild?.nodeType === 3 ? one.firstChild.data : '').join('\\n')"
        )
        found += [(path, line) for line in said.splitlines() if ENGLISH.search(line) and line not in SAID]
        if pictures:
            name = path.replace("#/", "").replace("/", "-") or "home"
            page.screenshot(path=f"{pictures}/de-{name}.png", full_page=True)
    assert found == []


def test_an_act_its_dialog_and_a_refusal_are_german(venue: Venue, german: Organiser) -> None:
    page = german.page
    assert page.locator("nav a").first.inner_text() == "Übersicht"
    german.go("#/competitors/c2")
    page.get_by_role("button", name="Disqualifizieren").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Aus der Wertung; steht am Ende.")
    dialog.get_by_label("Grund").fill("Anna Berg")
    dialog.get_by_role("button", name="Ausführen").click()
    expect(dialog.locator(".trouble")).to_contain_text("Den Namen „Anna Berg“ aus der Begründung weglassen")
    dialog.get_by_label("Grund").fill("fuhr ein anderes Auto")
    dialog.get_by_role("button", name="Ausführen").click()
    expect(page.locator("#told")).to_contain_text("Ben ist jetzt disqualifiziert. In der Wertung: Rang 2")
    expect(page.locator("main h2 .tag").first).to_have_text("disqualifiziert")
    past = page.locator("main .card").filter(has_text="angemeldet als Ben").last
    for said in ("disqualifiziert", "Lauf 1 bestätigt", "Lauf 1 scharf auf Strecke 1"):
        expect(past).to_contain_text(said)


def test_a_unit_is_enrolled_in_german(venue: Venue, german: Organiser) -> None:
    """The page waits by the states' own names, whatever its language calls them."""
    page = german.page
    asked: list[object] = []

    def answer(route: Route) -> None:
        said: dict[str, object] = {"address": "https://c", "token": "ab-cd", "ticket": "t", "life_s": 600}
        if route.request.url.endswith("/watch"):
            asked.append((route.request.post_data_json or {}).get("after"))
            said = {"state": "waiting" if len(asked) > 1 else "claimed", "code": "123 456"}
        route.fulfill(status=200, json=said, headers={"X-Pitboard-Desk": "1"})

    page.route("**/v1/admin/enrolments**", answer)
    page.route("**/v1/admin/enrolments/*", answer)
    german.go("#/units")
    page.locator("main form").get_by_label("Name").fill("Strecke 2")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main .secret").last).to_have_text("123 456")
    assert asked[:2] == ["open", "claimed"]
    expect(page.get_by_role("button", name="Ja, aufnehmen")).to_be_visible()


def test_no_page_of_the_desk_has_a_sentence_of_its_own() -> None:
    """A text with two words stands in the catalogue; what is left are selectors, classes and the like."""
    text = re.compile(r'"([A-Z][a-z]+(?: [a-z]+)+[^"]*)"')
    pages = resources.files("sync.central.admin.desk") / "page"
    found = {
        (one.name, words)
        for one in pages.iterdir()
        if one.name.endswith(".js")
        for words in text.findall(one.read_text(encoding="utf-8"))
    }
    assert found == set()
