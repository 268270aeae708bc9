"""The desk in a real browser over TLS: set up, sign in, correct, disqualify, reinstate, undo, and what is
refused."""

from __future__ import annotations

import os
import re

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from pitboard.doors.door_proof import DoorPass, prove_at_door
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient
from pitboard.journal.records.kinds import DisplayEnrolled
from pitboard.race.bodies.run_bodies import RunHanded
from pitboard.trust.signed_picture import sign_picture
from pitboard.unit_api.unit_status import DisplaySeen, UnitStatus, seal_status
from sync.exchanging.picture_words import PICTURE_PATH, WANTED_PATH, PicturesWanted
from tests.axe import violations
from tests.pitboard.trust.test_signed_picture import png
from tests.race_story import UNIT_A, UNIT_B, armed, finished, passing
from tests.right_to_left import signs_seen, speak_hebrew
from tests.sync.central.admin.desk.conftest import Organiser, Venue
from tests.sync.central.admin.desk.desk_stage import PASSWORD

HOSTILE_NAME = "<img src=x onerror=\"document.title='owned'\">"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff, Maximiliane"


def test_a_day_at_the_desk(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    expect(page.locator("tbody tr").first).to_contain_text("Anna Berg")
    page.get_by_role("link", name="Anna Berg").first.click()
    expect(page.locator(".facts")).to_contain_text("10.000")
    told = page.locator("#told")
    # correct
    page.get_by_role("button", name="Act on lap 2").click()
    dialog = page.locator("dialog")
    dialog.get_by_label("What").select_option("correct")
    dialog.get_by_label("Time", exact=False).last.fill("12.5")
    dialog.get_by_label("Reason").fill("Anna Berg was slower")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog.locator(".trouble")).to_contain_text("Leave the name 'Anna Berg' out of the reason")
    dialog.get_by_label("Reason").fill("video")
    dialog.get_by_role("button", name="Do it").click()
    expect(told).to_contain_text("rank 1 with 10.000 → rank 2 with 12.000")
    expect(page.locator("main")).to_contain_text("measured 10.000")
    expect(page.get_by_role("button", name="Act on lap 2")).to_be_focused()
    # undo
    told.get_by_role("button", name="Undo").click()
    dialog.get_by_label("Reason").fill("the other car")
    dialog.get_by_role("button", name="Do it").click()
    expect(told).to_contain_text("rank 2 with 12.000 → rank 1 with 10.000")
    told.get_by_role("button", name="Close").press("Enter")
    expect(page.get_by_role("button", name="Act on lap 2")).to_be_focused()
    # disqualify, reinstate
    organiser.acts("Disqualify")
    expect(told).to_contain_text("Anna Berg is disqualified now")
    expect(page.locator("h2 .tag").first).to_have_text("disqualified")
    expect(page.get_by_role("button", name="Reinstate")).to_be_focused()
    organiser.acts("Reinstate")
    expect(told).to_contain_text("back in the ranking")
    # a penalty, taken back out of the history; both show who and why
    organiser.acts("Penalise", **{"Seconds added": "5", "What for": "false-start"})
    expect(told).to_contain_text("penalty of 5.000 s")
    act = page.locator("li", has_text="a penalty of 5.000 s, false-start")
    expect(act).to_contain_text("admin anna")
    expect(act).to_contain_text("because: seen on video")
    act.get_by_role("button", name="Take back").click()
    dialog.get_by_label("Reason").fill("it was the other lane")
    dialog.get_by_role("button", name="Do it").click()
    old = page.locator("li", has=page.locator(".old", has_text="a penalty of 5.000 s, false-start"))
    again = old.get_by_role("button", name="Count again")
    expect(again).to_be_focused()
    expect(again).to_be_in_viewport()
    expect(again).to_have_accessible_description(re.compile("a penalty of 5.000 s, false-start"))
    page.locator("#skip").press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(old).to_be_visible()


def test_a_run_that_changed_shows_both_versions_and_a_choice(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    organiser.go("#/competitors/c2")
    organiser.acts("Re-open")
    organiser.acts("Confirm")
    run = next(one.run_id for one in venue.central.fold().race.runs.values() if one.competitor_ids == ["c2"])
    venue.track.teller.say(RunHanded(run_id=run, competitor_id="c1"))
    venue.central.take(venue.track.news())
    organiser.go("#/")
    item = page.locator("li[data-kind=run-changed]")
    expect(item).to_contain_text("has changed since it was confirmed")
    item.get_by_role("link", name="Look").click()
    expect(page.locator(".versions")).to_contain_text("As confirmed: Ben")
    expect(page.locator(".versions")).to_contain_text("As it would be now: Anna Berg")
    organiser.acts("Keep what was confirmed")
    expect(page.locator("#told")).to_contain_text("stays as it was confirmed")
    expect(page.locator(".versions")).to_have_count(0)
    organiser.go("#/competitors/c2")
    expect(page.locator(".facts")).to_contain_text("11.000")


def test_what_needs_attention_is_listed(venue: Venue, organiser: Organiser) -> None:
    track = venue.track
    track.drives("c9", "ben", 14.0).drives("c4", "Carla", 14.0, 14.1, 14.2, 6.0)
    track.teller.say(armed("short", "c1", s=500.0))
    for seq, at_s in ((900, 501.0), (901, 511.0), (902, 512.0)):
        track.teller.say(passing(seq, s=at_s))
    track.teller.say(finished("short", s=520.0))
    venue.central.take(track.news())
    organiser.go("#/board")
    organiser.go("#/")
    kinds = organiser.page.locator("main li[data-kind]")
    expect(organiser.page.locator("li[data-kind=short-lap]")).to_contain_text("Lap 2 is short")
    expect(organiser.page.locator("li[data-kind=alike]")).to_contain_text("the same name")
    expect(organiser.page.locator("li[data-kind=improbable-time]")).to_contain_text("Carla")
    expect(organiser.page.locator("li[data-kind=unit-silent]")).to_contain_text("Track A")
    assert kinds.count() == 4


def test_the_displays_show_what_is_on_them_now(venue: Venue, organiser: Organiser, browser: Browser) -> None:
    venue.central.say(DisplayEnrolled(key=UNIT_B.key, name="Grandstand"))
    seen = [
        DisplaySeen(name="Grandstand", key=UNIT_B.key, scene="podium", version="1.2", temperature_c=54),
        DisplaySeen(name="Bar", is_live=False, ago_ms=60_000),
    ]
    status = UnitStatus(
        key=UNIT_A.key,
        name="Track A",
        boot_id="b",
        mono_ns=1,
        utc_ms=1,
        lights=[],
        sensors=[],
        displays=seen,
    )
    auth = DoorPass(lambda challenge, fingerprint: prove_at_door(UNIT_A, challenge, fingerprint))
    unit = NodeClient(f"http://127.0.0.1:{venue.central.ingest_port}", auth=auth)

    def call(method: str, path: str, said: object = None) -> bytes:
        body = None if said is None else msgspec.json.encode(said)
        return unit.call(method, path, body, within_s=10, max_bytes=SMALL_ANSWER_MAX_BYTES)

    call("POST", "/v1/unit-status", seal_status(status, UNIT_A))
    organiser.go("#/displays")
    item = organiser.page.locator("li", has_text="Grandstand").first
    expect(item).to_contain_text("Track A sees it · shows Podium · live · version 1.2 · 54 °C")
    expect(organiser.page.locator("li", has_text="Bar").first).to_contain_text("Track A saw it last at")
    wanted = msgspec.json.decode(call("GET", f"{WANTED_PATH}?wait_ms=9000"), type=PicturesWanted)
    call("POST", PICTURE_PATH, sign_picture(png(), wanted.nonces[UNIT_B.key], UNIT_B))
    picture = item.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 320
    if pictures := os.environ.get("DESK_PICTURES"):
        organiser.page.screenshot(path=f"{pictures}/displays-seen.png")
    _reads_from_right_to_left(browser, organiser)


def _reads_from_right_to_left(browser: Browser, organiser: Organiser) -> None:
    state = organiser.page.context.storage_state()
    context = browser.new_context(locale="he-IL", ignore_https_errors=True, storage_state=state)
    speak_hebrew(context)
    page = context.new_page()
    page.goto(f"{organiser.base}/#/displays")
    name = page.locator(".name", has_text="Grandstand").first
    expect(name).to_be_visible()
    sides = "one => { const text = document.createRange(); text.selectNodeContents(one);"
    sides += (
        "return [text, one.parentElement].map((each) => Math.round(each.getBoundingClientRect().right)) }"
    )
    assert len(set(name.evaluate(sides))) == 1, "a name keeps its own direction, and the page's side"
    assert list(signs_seen(page).values()) == [True]
    context.close()


def test_an_erasure_wants_the_name_typed_and_is_final(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    organiser.go("#/competitors/c1")
    page.get_by_role("button", name="Erase").click()
    dialog = page.locator("dialog")
    dialog.get_by_label("Reason").fill("asked for it")
    dialog.get_by_label("Type the name").fill("Anna")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog.locator(".trouble")).to_contain_text("nothing was done")
    dialog.get_by_label("Type the name").fill("Anna Berg")
    dialog.get_by_role("button", name="Do it").click()
    expect(page.locator("h2").first).to_contain_text("Erased")
    expect(page.get_by_role("button", name="Erase")).to_have_count(0)
    assert "Anna Berg" not in page.locator("main").inner_text()


def test_who_is_signed_out_sees_the_sign_in_and_no_data(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    organiser.go("#/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    for path in ("#/competitors/c1", "#/units", "#/"):
        organiser.go(path)
        page.reload()
        expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        assert "Anna" not in page.content()
    status = page.evaluate(
        "fetch('/v1/admin/acts', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
        ".then(one => one.status)"
    )
    assert status == 401
    page.get_by_label("Account").fill("anna")
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_label("Code").fill(organiser.code(steps=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".trouble:not(:empty)")).to_contain_text("Name, password or code is wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()


PAGES = (
    "#/",
    "#/board",
    "#/competitors/n0",
    "#/competitors/n4",
    "#/people",
    "#/timing",
    "#/rules",
    "#/format-from/Slot heats, lanes",
    "#/plan",
    "#/displays",
    "#/units",
    "#/officials",
    "#/contacts",
    "#/sponsors",
    "#/events",
    "#/account",
)


def test_any_name_is_text_every_page_fits_and_axe_finds_nothing(venue: Venue, organiser: Organiser) -> None:
    """With DESK_PICTURES=FOLDER each page is kept as a picture, to be looked at."""
    names = (HOSTILE_NAME, LONG_NAME, "日本語の名前", "محمد العربي", "W" * 80)
    for number, name in enumerate(names):
        venue.track.drives(f"n{number}", name, 12.5 + number)
    venue.central.take(venue.track.news())
    page = organiser.page
    pictures = os.environ.get("DESK_PICTURES")
    for path in PAGES:
        for width in (360, 800, 1_400):
            page.set_viewport_size({"width": width, "height": 800})
            organiser.go(path)
            expect(page.locator("main section, main .card").first).to_be_visible()
            page.wait_for_timeout(100)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert page.locator("main img").count() == 0
            if pictures:
                name = path.replace("#/", "").replace("/", "-") or "home"
                page.screenshot(path=f"{pictures}/{name}-{width}.png", full_page=True)
        assert violations(page) == [], path
    assert "owned" not in page.title()


def test_competitors_come_from_a_table_after_a_look_and_results_go_out(
    venue: Venue, organiser: Organiser
) -> None:
    page = organiser.page
    organiser.go("#/people")
    page.get_by_label("Table of competitors").fill(f"name,number\nZoe,7\nAnna Berg,\n{HOSTILE_NAME},9\n,1\n")
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("2 new, 1 known already, 1 refused.")
    page.get_by_role("button", name="Register 2").click()
    expect(page.locator(".trouble").last).to_contain_text("Say why")
    page.get_by_label("Reason").fill("entries of the day")
    page.get_by_role("button", name="Register 2").click()
    expect(page.locator("#told")).to_contain_text("2 competitors are registered now.")
    page.fill("#query", "zoe")
    page.keyboard.press("Enter")
    expect(page.locator("main .list .name")).to_have_text(["Zoe"])
    organiser.go("#/people")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    assert "Anna Berg" in download.value.path().read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("body", ["{}", "[]", "null", "<html>Please accept our terms</html>"])
def test_a_portal_in_centrals_place_is_said_at_the_desk_and_nothing_of_it_is_shown(
    body: str, organiser: Organiser
) -> None:
    page = organiser.page
    expect(page.locator("tbody tr").first).to_contain_text("Anna Berg")
    page.route(
        "**/v1/**", lambda route: route.fulfill(status=200, body=body, content_type="application/json")
    )
    page.get_by_role("link", name="Anna Berg").first.click()
    expect(page.get_by_text("Something else answered in central's place").first).to_be_visible(timeout=5_000)
    page.unroute("**/v1/**")
    page.go_back()
    expect(page.locator("tbody tr").first).to_contain_text("Anna Berg")
