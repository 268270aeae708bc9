"""The page by which a racer joins the queue, in a real browser on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.queue_bodies import QueueAsked, QueueJoined, QueueMarked
from pitboard.unit_api.unit_status import UnitStatus, seal_status
from tests.axe import violations
from tests.race_story import UNIT_A, Teller
from tests.sync.central.central_stage import CentralThread

PICTURES = os.environ.get("PITBOARD_PICTURES")


class Venue:
    """A central whose unit is in touch; `says` hands in what the unit said."""

    def __init__(self, central: CentralThread) -> None:
        self.central = central
        self.unit = Teller(UNIT_A, "Track A")
        self._told = 0
        self.says(CompetitorRegistered(competitor_id="c1", name="Ada Lovelace", number="7"))
        self.beats()

    def beats(self) -> None:
        """The unit tells how it is, as it does every ten seconds."""
        status = UnitStatus(
            key=UNIT_A.key,
            name="Track A",
            boot_id="b",
            mono_ns=1,
            utc_ms=1,
            lights=[],
            sensors=[],
            version="1",
        )
        told = requests.post(
            f"http://127.0.0.1:{self.central.ingest_port}/v1/unit-status",
            data=msgspec.json.encode(seal_status(status, UNIT_A)),
            timeout=5,
        )
        assert told.status_code == 200, told.text

    def says(self, *bodies: object) -> None:
        for body in bodies:
            self.unit.say(body)  # type: ignore[arg-type]
        self.central.take(self.unit.records[self._told :])
        self._told = len(self.unit.records)

    @property
    def asked(self) -> list[QueueAsked]:
        return self.central.fold().race.programme.asked()

    def code(self, page: Page) -> str:
        for _ in range(80):
            given = self.central.fold().race.programme.join_code()
            if given is not None and requests.get(self.url("/api/v1/join"), timeout=5).json()["is_linked"]:
                return given.code
            page.wait_for_timeout(100)
        raise AssertionError("central gives no code")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.central.port}{path}"


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    with CentralThread(tmp_path_factory.mktemp("central")).running() as central:
        yield Venue(central)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    context.set_default_timeout(8_000)
    yield context.new_page()
    context.close()


def look(page: Page, name: str) -> None:
    """The page fits the phone, whoever cannot see it can use it; a picture where somebody wants one."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"join-{name}.png")


def test_a_racer_joins_by_the_code_and_follows_the_wait(venue: Venue, page: Page) -> None:
    page.goto(venue.url(f"/join?code={venue.code(page)}"))
    expect(page.locator("#event")).to_have_text("Summer Cup")
    look(page, "form")
    page.fill("#name", "Zoë Ōta")
    page.click("#ask")
    expect(page.locator("#sentence")).to_have_text("The official sees your name now. Stay near the track.")
    look(page, "asked")
    (asked,) = venue.asked
    others = [QueueJoined(entry_id=f"q{number}", track="1", competitor_id="c1") for number in (1, 2)]
    venue.says(
        *others,
        CompetitorRegistered(competitor_id=asked.competitor_id, name=asked.name),
        QueueJoined(entry_id=asked.entry_id, track="1", competitor_id=asked.competitor_id),
    )
    page.reload()  # the phone knows what it asked for
    expect(page.locator("#sentence")).to_have_text("2 drive before you.")
    look(page, "ahead")
    venue.says(*(QueueMarked(entry_id=one.entry_id, state="left") for one in others))
    page.reload()
    expect(page.locator("#sentence")).to_have_text("You are next. Go to the start.")
    venue.says(QueueMarked(entry_id=asked.entry_id, state="called"))
    page.reload()
    expect(page.locator("#sentence")).to_have_text("You are called. Go to the start now.")
    look(page, "called")
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#banner")).to_have_text("No network. This page tries again by itself.")
    expect(page.locator("#sentence")).to_have_text("You are called. Go to the start now.")
    page.context.set_offline(False)
    venue.says(QueueMarked(entry_id=asked.entry_id, state="left"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#sentence")).to_have_text("Your turn is over.")
    page.click("#again")
    expect(page.locator("#form")).to_be_visible()


def test_a_known_name_is_asked_about_and_a_refusal_says_what_to_do(venue: Venue, page: Page) -> None:
    page.goto(venue.url("/join"))
    page.fill("#code", "nope")
    page.fill("#name", "Ada Lovelace")
    page.click("#ask")
    expect(page.locator("#sentence")).to_have_text("This is not the code on the screen now. Look again.")
    look(page, "wrong-code")
    page.fill("#code", venue.code(page).lower())
    page.click("#ask")
    expect(page.locator("#sentence")).to_have_text("Ada Lovelace is registered already. Is that you?")
    look(page, "alike")
    page.get_by_role("button", name="Yes, that is me: #7").click()
    expect(page.locator("#sentence")).to_have_text("The official sees your name now. Stay near the track.")
    assert [one.competitor_id for one in venue.asked] == ["c1"]
    venue.says(QueueMarked(entry_id=venue.asked[0].entry_id, state="refused"))
    page.reload()
    expect(page.locator("#sentence")).to_have_text("The official said no. Ask at the start.")
    look(page, "refused")
    page.click("#again")
    page.fill("#code", venue.code(page))
    page.fill("#name", "sh1t")
    page.click("#ask")
    expect(page.locator("#sentence")).to_have_text("This name is not shown here. Type another.")
    hostile = "<img src=x onerror=\"document.title='owned'\">"
    page.fill("#name", hostile)
    page.click("#ask")
    expect(page.locator("#more")).to_have_text(hostile)
    assert page.title() == "Summer Cup"
    assert venue.asked[0].name == hostile


def test_a_wait_is_asked_for_by_what_a_phone_makes_up_and_by_nothing_else(venue: Venue) -> None:
    assert requests.get(venue.url("/api/v1/join/" + "f" * 32), timeout=5).json()["state"] == ""
    for entry_id in ("f" * 31, "F" * 32, "%C2%84"):
        answer = requests.get(venue.url(f"/api/v1/join/{entry_id}"), timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")


def test_wrong_codes_from_one_address_end_after_twenty(venue: Venue) -> None:
    ask = {"entry_id": "f" * 32, "code": "WRONG", "name": "x"}
    there = {"X-Forwarded-For": "203.0.113.9"}  # as the proxy in front tells
    said = [requests.post(venue.url("/api/v1/join"), json=ask, headers=there, timeout=5) for _ in range(25)]
    assert said[0].status_code == 403
    assert (said[-1].status_code, said[-1].json()["error"]) == (429, "wrong-codes")
    assert requests.post(venue.url("/api/v1/join"), data=b"\xff{", timeout=5).status_code in (400, 429)
