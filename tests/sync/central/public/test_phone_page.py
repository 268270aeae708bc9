"""The phone page in a real browser: live, found, offline, and safe with any name."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pitboard.journal.views.views import view_board
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet, StageSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.sentences.language import language
from sync.central.public.board_change import change_between
from sync.central.public.live_board import LiveBoards
from sync.central.public.public_app import FOR_A_DAY
from tests.axe import violations
from tests.pitboard.sentences.pseudo_language import CHINESE, HEBREW
from tests.race_story import armed, finished, passing
from tests.right_to_left import signs_seen, speak_hebrew
from tests.sync.central.central_stage import CentralThread, TrackStory

SHOWN_CODES = (
    "page.standings",
    "page.laps",
    "page.link.live",
    "page.find",
    "page.best-lap",
    "page.phase.running",
)
PHONE = {"width": 360, "height": 740}
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff, Maximiliane"
HOSTILE_NAME = "<img src=x onerror=\"document.title='owned'\">"


ICON_PX = 40
PIXELS = """async ([path, px]) => {
  const image = new Image(px, px);
  image.src = path;
  await image.decode();
  const canvas = new OffscreenCanvas(px, px).getContext("2d");
  canvas.drawImage(image, 0, 0, px, px);
  return { width: image.naturalWidth, pixels: [...canvas.getImageData(0, 0, px, px).data] };
}"""


def _has_icons(page: Page) -> None:
    """A home screen is given pictures of the drawing, and one that may be cut to a circle."""
    origin = page.url.split("/#")[0]
    manifest = page.request.get(f"{origin}/manifest.webmanifest").json()
    pictures = [one for one in manifest["icons"] if one["type"] == "image/png"]
    assert [one["sizes"] for one in pictures if one["purpose"] == "any"] == ["192x192", "512x512"]
    path = page.locator("link[rel=apple-touch-icon]").get_attribute("href")
    told = page.request.get(f"{origin}{path}")
    assert (told.headers["content-type"], told.headers["cache-control"]) == ("image/png", FOR_A_DAY)
    drawn = page.evaluate(PIXELS, ["/icon.svg", ICON_PX])
    for src, width in ((path, 180), *((one["src"], int(one["sizes"][:3])) for one in pictures)):
        seen = page.evaluate(PIXELS, [src, ICON_PX])
        assert seen["width"] == width
        if "maskable" not in str(src):
            apart = [abs(one - other) for one, other in zip(seen["pixels"], drawn["pixels"], strict=True)]
            assert sum(apart) / len(apart) < 4, f"make screenshots draws {src} anew"
            continue
        for at in range(0, len(seen["pixels"]), 4):
            row, column = divmod(at // 4, ICON_PX)
            if math.hypot(row - ICON_PX / 2, column - ICON_PX / 2) > 0.4 * ICON_PX + 1:
                assert max(seen["pixels"][at : at + 3]) < 24, "a circle cuts nothing of the drawing"


@pytest.fixture
def central(tmp_path: Path) -> Iterator[CentralThread]:
    with CentralThread(tmp_path).running() as central:
        yield central


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    context.set_default_timeout(8_000)
    yield context
    context.close()


def open_page(phone: BrowserContext, central: CentralThread, path: str = "") -> Page:
    page = phone.new_page()
    page.goto(f"http://127.0.0.1:{central.port}/{path}")
    expect(page.locator("#link")).to_have_text("Live")
    return page


def names(page: Page) -> list[str]:
    return page.locator("#rows .name").all_text_contents()


def test_a_result_appears_without_a_reload(central: CentralThread, phone: BrowserContext) -> None:
    page = open_page(phone, central)
    expect(page.locator("#nothing")).to_contain_text("No results yet")
    track = TrackStory()
    central.take(track.drives("c1", "Anna", 12.5).news())
    expect(page.locator("#rows .name")).to_have_text(["Anna"])
    central.take(track.drives("c2", "Ben", 61.25).drives("c3", "Carla", 9.875).news())
    expect(page.locator("#rows .name")).to_have_text(["Carla", "Anna", "Ben"])
    expect(page.locator("#rows .time")).to_have_text(["9.875", "12.500", "1:01.250"])
    expect(page.locator("#rows .gap")).to_have_text(["", "+2.625", "+51.375"])
    expect(page.locator("#nothing")).to_be_hidden()


def test_who_drives_now_is_shown_and_the_laps_are_provisional(
    central: CentralThread, phone: BrowserContext
) -> None:
    page = open_page(phone, central)
    track = TrackStory().drives("c1", "Anna", 12.5)
    track.teller.say(armed("live", "c1", s=500.0))
    central.take(track.news())
    card = page.locator(".card")
    expect(card).to_contain_text("Ready to start")
    for seq, at_s in ((100, 501.0), (101, 512.0), (102, 513.5)):
        track.teller.say(passing(seq, s=at_s))
    central.take(track.news())
    expect(card).to_contain_text("Running")
    expect(card).to_contain_text("Last lap: short, not judged yet. Provisional")
    expect(card.locator(".value").first).to_have_text("2")


def test_a_competitor_is_found_and_their_laps_are_shown_and_followed(
    central: CentralThread, phone: BrowserContext
) -> None:
    track = TrackStory().drives("c1", "René Dubois", 12.5, 1.0).drives("c2", "Ben", 11.0)
    central.take(track.news())
    page = open_page(phone, central)
    page.fill("#query", "bois")
    expect(page.locator("#found-rows .name")).to_have_text(["René Dubois"])
    page.locator("#found-rows a").click()
    expect(page.locator("#competitor-page h2")).to_have_text("René Dubois")
    expect(page.locator(".laps li")).to_have_text(
        ["Lap 1Best12.500 ±2 µs", "Lap 2Short, not judged yet1.000 ±2 µs"]
    )
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    page.fill("#query", "")
    page.goto(f"http://127.0.0.1:{central.port}/#/")
    page.reload()
    expect(page.locator("#followed-rows .name")).to_have_text(["René Dubois"])


def test_a_phone_without_network_shows_the_last_board_and_says_how_old_it_is(
    central: CentralThread, phone: BrowserContext
) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Ben", 13.5).news())
    page = open_page(phone, central)
    expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"])
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    phone.set_offline(True)
    page.reload()
    expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"])
    expect(page.locator("#banner")).to_contain_text("No network. Board from")
    expect(page.locator("#banner")).to_contain_text("less than a minute old")
    page.set_viewport_size({"width": 1_400, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1_400, (
        "the banner is as wide as the window"
    )
    page.fill("#query", "be")
    expect(page.locator("#found-rows .name")).to_have_text(["Ben"])
    expect(page.locator("#found-note")).to_contain_text("last board")
    phone.set_offline(False)
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#banner")).to_be_empty()


def test_a_restart_of_central_is_survived_without_a_touch(
    central: CentralThread, phone: BrowserContext
) -> None:
    track = TrackStory().drives("c1", "Anna", 12.5)
    central.take(track.news())
    page = open_page(phone, central)
    central.stop()
    expect(page.locator("#banner")).to_contain_text("The server does not answer. Board from")
    assert names(page) == ["Anna"]
    central.start()
    central.take(track.drives("c2", "Ben", 11.0).news())
    expect(page.locator("#rows .name")).to_have_text(["Ben", "Anna"])
    expect(page.locator("#link")).to_have_text("Live")


def test_a_phone_too_many_still_gets_the_board(tmp_path: Path, phone: BrowserContext) -> None:
    with CentralThread(tmp_path, followers_max_count=1).running() as central:
        story = TrackStory()
        central.take(story.drives("c1", "Anna", 12.5).news())
        open_page(phone, central)
        late = phone.new_page()
        asked: list[str] = []
        late.on("request", lambda request: asked.append(request.url))
        late.goto(f"http://127.0.0.1:{central.port}/")
        expect(late.locator("#rows .name")).to_have_text(["Anna"])
        expect(late.locator("#link")).to_have_text("Live")
        expect(late.locator("#banner")).to_be_empty()
        central.take(story.drives("c2", "Ben", 11.0).news())
        expect(late.locator("#rows .name")).to_have_text(["Ben", "Anna"])
        assert "live/since" in "".join(asked)
        assert sum("live/page" in path for path in asked) == 1, "a whole board only on joining"


def test_laps_seen_before_are_there_without_a_network(central: CentralThread, phone: BrowserContext) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Ben", 13.5).news())
    page = open_page(phone, central)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.wait_for_function("navigator.serviceWorker.controller")
    page.goto(f"http://127.0.0.1:{central.port}/#/competitors/c1")
    expect(page.locator(".laps li")).to_have_text(["Lap 1Best12.500 ±2 µs"])
    phone.set_offline(True)
    page.reload()
    expect(page.locator(".laps li")).to_have_text(["Lap 1Best12.500 ±2 µs"])
    expect(page.locator("#competitor-page")).to_contain_text("as this phone saw them last")
    page.goto(f"http://127.0.0.1:{central.port}/#/competitors/c2")
    expect(page.locator("#competitor-page")).to_contain_text("need the network")
    expect(page.locator("#competitor-page dd").nth(1)).to_have_text("13.500")


def test_any_name_is_text_and_fits(central: CentralThread, phone: BrowserContext) -> None:
    track = TrackStory()
    for number, name in enumerate((HOSTILE_NAME, LONG_NAME, "日本語の名前", "محمد العربي", "W" * 80)):
        track.drives(f"c{number}", name, 12.5 + number)
    track.drives("slow", "Slow", 3_754.25)
    central.take(track.news())
    troubles: list[str] = []
    page = phone.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(f"http://127.0.0.1:{central.port}/")
    expect(page.locator("#rows .name").first).to_have_text(HOSTILE_NAME)
    expect(page.locator("#rows .time").last).to_have_text("1:02:34.250")
    assert '<span class="time">1:02:34.250</span>' in page.request.get(page.url).text()
    assert page.locator("#rows img").count() == 0
    assert page.title() == "Summer Cup"
    for path in ("", "#/competitors/c0", "#/competitors/c4", "#/competitors/slow", "#/competitors/nobody"):
        page.goto(f"http://127.0.0.1:{central.port}/{path}")
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert [trouble for trouble in troubles if "404" not in trouble] == []


def test_two_hundred_entries_are_all_there_with_targets_for_a_thumb(
    central: CentralThread, phone: BrowserContext
) -> None:
    track = TrackStory()
    for number in range(200):
        track.drives(f"c{number}", f"Driver {number}", 12.5 + number / 100)
    records = track.news()
    for start in range(0, len(records), 500):
        central.take(records[start : start + 500])
    page = open_page(phone, central)
    expect(page.locator("#rows li")).to_have_count(100)
    page.locator("#more").scroll_into_view_if_needed()
    expect(page.locator("#rows li")).to_have_count(200)
    assert names(page)[199] == "Driver 199"
    expect(page.locator("#more")).to_be_hidden()
    expect(page.locator("#rows .rank").nth(199)).to_have_text("200")
    for target in ("#query", "#rows a"):
        box = page.locator(target).first.bounding_box()
        assert box is not None
        assert box["height"] >= 48
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_phone_puts_changes_together_as_central_does_and_tells_rank_and_gap_itself(
    central: CentralThread, phone: BrowserContext
) -> None:
    story = TrackStory()
    central.take(
        story.drives("c1", "Anna", 12.5).drives("c2", "Ben", 12.5).drives("c3", "Carla", 13.0).news()
    )
    boards = LiveBoards(central.fold())
    before = boards.newest().form
    story.drives("c4", "Dora", 11.0).drives("c3", "Carla", 10.5)
    story.teller.say(armed("live", "c1", s=900.0))
    central.take(story.news())
    after = boards.newest().form
    page = open_page(phone, central)
    script = """async ([before, change]) => {
      const { changed, drawn } = await import("/live_board.js");
      const after = changed(before, change);
      return [after, drawn(after).entries];
    }"""
    fresh, entries = page.evaluate(script, [before, change_between(before, after)])
    assert fresh == after
    told = [(one["competitor_id"], one["rank"], one["gap"], one["columns"]) for one in entries]
    true = msgspec.json.decode(msgspec.json.encode(view_board(central.fold()).entries))
    assert told == [(one["competitor_id"], one["rank"], one["gap"], one["columns"]) for one in true]


OLDER = """async () => {
  const { LiveLink } = await import("/live_link.js");
  const sources = [];
  class Source extends EventTarget { constructor() { super(); sources.push(this); } close() {} }
  window.EventSource = Source;
  let now = 1_000_000;
  Date.now = () => now;
  const shown = [];
  new LiveLink({ onBoard: (board) => shown.push(board.count), onHeard() {}, onState() {} }).start();
  const event = { id: "e", name: "Cup", resolution_ns: 1, amounts: [] };
  const message = (type, data) => new MessageEvent(type, { data: JSON.stringify(data) });
  const tell = (type, data) => sources[0].dispatchEvent(message(type, data));
  const board = (tag, at, count) => tell("board", { tag, at, count, event, entries: [], on_track: [] });
  board("a", 100, 1);
  board("old", 99, 2);
  tell("change", { from: "a", to: "old", at: 99, count: 3 });
  tell("change", { from: "a", to: "b", at: 100, count: 4 });
  board("b", 90, 4);
  board("old", 99, 5);
  now += 29_999;
  board("old", 99, 6);
  now += 1;
  board("old", 99, 7);
  return shown;
}"""


MISSED = """async () => {
  const { LiveLink } = await import("/live_link.js");
  const sources = [], asked = [], shown = [];
  class Source extends EventTarget { constructor() { super(); sources.push(this); } close() {} }
  window.EventSource = Source;
  Math.random = () => 0;
  const event = { id: "e", name: "Cup", resolution_ns: 1, amounts: [] };
  const answers = {
    "/api/v1/live/page": { tag: "a", at: 1, count: 1, event, entries: [], on_track: [] },
    "/api/v1/live/since/b": { from: "b", to: "d", at: 4, count: 4 },
  };
  window.fetch = async (path) => (asked.push(path.slice(13)), new Response(JSON.stringify(answers[path])));
  new LiveLink({ onBoard: (board) => shown.push(board.count), onHeard() {}, onState() {} }).start();
  const turn = () => new Promise((done) => setTimeout(done, 5));
  const tell = async (type, data, shownCount) => {
    sources[0].dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
    do await turn(); while (shown.length < shownCount);
  };
  await tell("ping", { tag: "a" }, 1);
  await tell("ping", { tag: "a" }, 1);
  await tell("change", { from: "a", to: "b", at: 2, count: 2 }, 2);
  await tell("change", { from: "c", to: "d", at: 4, count: 4 }, 3);
  await tell("change", { from: "c", to: "d", at: 4, count: 4 }, 3);
  await tell("ping", 1, 3);
  await turn();
  return [shown, asked];
}"""


def test_a_phone_that_is_told_of_a_board_it_does_not_have_asks_for_it(
    central: CentralThread, phone: BrowserContext
) -> None:
    page = open_page(phone, central)
    assert page.evaluate(MISSED) == [[1, 2, 4], ["page", "since/b"]]


def test_an_older_board_of_another_process_is_not_shown_unless_it_stays(
    central: CentralThread, phone: BrowserContext
) -> None:
    page = open_page(phone, central)
    assert page.evaluate(OLDER) == [1, 4, 4, 7]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de-AT", ["Tafel 2", "1 Runde · 1 Lauf", "Live", "Teilnehmer suchen", "Beste Runde", "Läuft"]),
        ("he-IL", None),
        ("zh-TW", None),
        ("fr-FR", ["Standings 2", "1 lap · 1 run", "Live", "Find a competitor", "Best lap", "Running"]),
    ],
)
def test_the_page_speaks_the_phones_language(
    central: CentralThread, browser: Browser, locale: str, words: list[str] | None
) -> None:
    context = browser.new_context(viewport=PHONE, locale=locale)  # type: ignore[arg-type]
    context.set_default_timeout(8_000)
    page = context.new_page()
    pseudo = {"he-IL": HEBREW, "zh-TW": CHINESE}.get(locale)
    if pseudo is HEBREW:
        speak_hebrew(context)
    elif pseudo is not None:
        texts = json.dumps({"en": language().texts("page."), pseudo.code: pseudo.texts("page.")})
        page.route(
            "**/words.js",
            lambda route: route.fulfill(
                body=f"export const WORDS = {texts};", content_type="text/javascript"
            ),
        )
    if pseudo is not None:
        words = [pseudo.say(code, count=1) for code in SHOWN_CODES]
        words[0] += " 2"
        words[1] += " · " + pseudo.say("page.runs", count=1)
    assert words is not None
    track = TrackStory().drives("c1", "Anna", 12.5).drives("c2", LONG_NAME, 11.0)
    track.teller.say(CompetitorRegistered(competitor_id="c1", name="Anna", number="21"))
    track.teller.say(armed("live", "c1", s=900.0))
    for seq, at_s in ((100, 901.0), (101, 912.0)):
        track.teller.say(passing(seq, s=at_s))
    central.take(track.news())
    page.goto(f"http://127.0.0.1:{central.port}/")
    standings, laps, live, find, best_lap, running = words
    expect(page.locator("#link")).to_have_text(live)
    expect(page.locator("#standings-title")).to_have_text(standings)
    expect(page.locator("#rows .detail").first).to_have_text(laps)
    expect(page.locator("#query")).to_have_attribute("placeholder", find)
    expect(page.locator(".card .phase")).to_have_text(running)
    assert page.locator("html").get_attribute("dir") == ("rtl" if locale == "he-IL" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if pseudo is HEBREW:
        assert signs_seen(page) == {"+1.500": True}
    page.locator("#rows a").last.click()
    expect(page.locator(".summary dt").nth(1)).to_have_text(best_lap)
    if pseudo is HEBREW:
        expect(page.locator(".laps .sure").first).to_be_visible()  # laps are asked for apart
        assert signs_seen(page) == {"+1.500": True, "±2 µs": True}
        number = page.locator("#competitor-page .detail")
        expect(number).to_have_text("#21")
        sides = "one => [one.firstChild, one].map((each) => Math.round(each.getBoundingClientRect().right))"
        assert len(set(number.evaluate(sides))) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if folder := os.environ.get("PHONE_PICTURES"):
        page.screenshot(path=f"{folder}/{locale}-competitor.png")
        page.go_back()
        expect(page.locator("#rows .detail").first).to_be_visible()
        page.screenshot(path=f"{folder}/{locale}.png")
    context.close()


def test_a_competitor_says_how_far_the_place_above_is_and_how_the_best_lap_became_better(
    central: CentralThread, phone: BrowserContext
) -> None:
    story = TrackStory().drives("c1", "Anna", 11.0).drives("c2", "Ben", 12.5).drives("c2", "Ben", 11.25)
    central.take(story.news())
    page = open_page(phone, central, "#/competitors/c2")
    expect(page.locator(".summary .wide dd")).to_have_text("0.250 Anna")
    expect(page.locator(".progress li")).to_have_text(["Run 112.500", "Run 2−1.25011.250"])
    expect(page.locator(".laps .sure").first).to_have_text("±2 µs")
    page.locator(".summary .wide a").click()
    expect(page.locator("#competitor-page h2")).to_have_text("Anna")


def test_a_link_that_is_sent_says_who_and_how_and_opens_the_competitor(
    central: CentralThread, phone: BrowserContext
) -> None:
    central.take(TrackStory().drives("c1", HOSTILE_NAME, 11.0).drives("c2", "Ben", 12.5).news())
    page = phone.new_page()
    answer = page.goto(f"http://127.0.0.1:{central.port}/c/c2")
    assert answer is not None
    assert '<meta property="og:title" content="Ben · 2. · 12.500">' in answer.text()
    assert "<title>Ben · 2. · 12.500</title>" in answer.text()
    card = f"http://127.0.0.1:{central.port}/card.png"
    assert f'<meta property="og:image" content="{card}">' in answer.text()
    picture = page.request.get(card)
    assert picture.headers["content-type"] == "image/png"
    behind_tls = {"X-Forwarded-Proto": "https", "Host": "board.example"}
    proxied = page.request.get(answer.url.split("#")[0], headers=behind_tls)
    assert 'content="https://board.example/card.png"' in proxied.text()
    strange = page.request.get(answer.url.split("#")[0], headers={"Host": 'x"><script>'})
    assert "<script>" not in strange.text()
    assert "og:image" not in strange.text()
    expect(page.locator("#competitor-page h2")).to_have_text("Ben")
    assert page.url.endswith("/#/competitors/c2")
    _has_icons(page)
    hostile = page.request.get(f"http://127.0.0.1:{central.port}/c/c1").text()
    assert "<img src=x" not in hostile
    page.goto(f"http://127.0.0.1:{central.port}/c/nobody")
    expect(page.locator("#competitor-page")).to_contain_text("Nobody here by this link")


def test_the_board_shows_what_the_event_ranks_by_whatever_that_is(
    central: CentralThread, phone: BrowserContext
) -> None:
    """Who ranked by points or by net time saw "no time" beside every name."""
    central.take(TrackStory().drives("c1", "Anna", 11.0, 12.0).drives("c2", "Ben", 10.0, 10.5, 11.5).news())
    page = open_page(phone, central)
    expect(page.locator("#by")).to_be_empty()
    central.say(EventConfigured(name="Summer Cup", format="Ours"))
    shown = {
        "most-laps": (["3 laps", "2 laps"], ["", "+1 lap"], "laps", "1 run · time 32.000 · best lap 10.000"),
        "points": (["10 points", "10 points"], ["", ""], "points", "2 laps · 1 run"),
        "net": (["23.000", "32.000"], ["", "+9.000"], "time", "2 laps · 1 run"),
    }
    for ranking, (results, gaps, by, detail) in shown.items():
        rules = Format(name="Ours", ranking=ranking, points=(10, 7) if ranking == "points" else ())
        central.say(FormatSet(name="Ours", format=rules))
        expect(page.locator("#rows .time")).to_have_text(results)
        expect(page.locator("#rows .gap")).to_have_text(gaps)
        expect(page.locator("#by")).to_have_text(by)
        expect(page.locator("#rows .detail").first).to_have_text(detail)
        first = page.request.get(f"http://127.0.0.1:{central.port}/").text()
        row = f'{detail}</span></span> <span class="result"><span class="time">{results[0]}<'
        assert row in first
    page.locator("#rows a").nth(1).click()
    expect(page.locator(".summary")).to_have_text(
        "Place2Time32.000Gap+9.000Best lap10.000Laps3To the place above9.000 Anna"
    )


def test_the_first_answer_speaks_the_browsers_language(central: CentralThread, phone: BrowserContext) -> None:
    central.take(TrackStory().drives("c1", "Anna", 11.0).news())
    url = f"http://127.0.0.1:{central.port}"
    for wanted, lang, said in (
        ("de-AT,de;q=0.9,en;q=0.8", "de", "1 Runde · 1 Lauf"),
        ("fr,en-GB;q=0.8,de;q=0.5", "en", "1 lap · 1 run"),
        ("", "en", "1 lap · 1 run"),
    ):
        answer = phone.request.get(f"{url}/", headers={"Accept-Language": wanted})
        assert answer.headers["vary"] == "Accept-Encoding, Accept-Language"
        assert f'<html lang="{lang}">' in answer.text()
        assert said in answer.text()
        assert language(lang).say("page.find") in answer.text()
        lost = phone.request.get(f"{url}/nobody", headers={"Accept-Language": wanted}).text()
        assert language(lang).say("page.no-such-page") in lost


def test_who_is_followed_and_overtaken_is_told(central: CentralThread, phone: BrowserContext) -> None:
    story = TrackStory().drives("c1", "Anna", 11.0).drives("c2", "Ben", 12.5)
    central.take(story.news())
    page = open_page(phone, central, "#/competitors/c1")
    page.get_by_role("button", name="Follow").click()
    central.take(story.drives("c2", "Ben", 10.5).news())
    expect(page.locator("#news")).to_have_text("Anna is in place 2 now: Ben went past.")


def test_one_track_or_class_can_be_chosen(central: CentralThread, phone: BrowserContext) -> None:
    story = TrackStory().drives("c1", "Anna", 11.0).drives("c2", "Ben", 12.5)
    story.teller.say(armed("on-b", "c2", s=900.0, track="B"))
    for seq, at_s in ((900, 901.0), (901, 921.0)):
        story.teller.say(passing(seq, s=at_s, track="B"))
    story.teller.say(finished("on-b", s=922.0))
    story.teller.say(RunDecided(run_id="on-b", decision="confirmed"))
    central.take(story.news())
    page = open_page(phone, central)
    expect(page.locator("#by-class")).to_be_hidden()
    page.locator("#by-track").select_option("B")
    expect(page.locator("#rows .name")).to_have_text(["Ben"])
    expect(page.locator("#rows .time")).to_have_text(["20.000"])
    page.locator("#by-track").select_option("")
    expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"])


def test_a_stage_shows_its_bracket_and_moves_on_as_heats_are_driven(
    central: CentralThread, phone: BrowserContext
) -> None:
    story = TrackStory()
    for number, name in enumerate(("Anna", "Ben", "Carl", "Dora")):
        story.drives(f"c{number}", name, 11.0 + number)
    drivers = [f"c{number}" for number in range(4)]
    story.teller.say(
        StageSet(stage_id="ko", name="Knock-out", kind="knockout", settings={"count": 4, "picked": drivers})
    )
    central.take(story.news())
    page = open_page(phone, central)
    page.locator("#by-stage").select_option("ko")
    heats = page.locator(".heat")
    expect(heats.first.locator(".name")).to_have_text(["Anna", "Dora"])
    expect(page.locator("#rows")).to_be_hidden()
    for number, (driver, lap_s) in enumerate((("c0", 12.0), ("c3", 10.5))):
        start_s, seq = 900.0 + 50 * number, 900 + 10 * number
        run = msgspec.structs.replace(
            armed(f"heat-{driver}", driver, s=start_s), stage_id="ko", heat_id="ko/r1-1"
        )
        story.teller.say(run)
        story.teller.say(passing(seq, s=start_s + 1))
        story.teller.say(passing(seq + 1, s=start_s + 1 + lap_s))
        story.teller.say(finished(run.run_id, s=start_s + 20))
        story.teller.say(RunDecided(run_id=run.run_id, decision="confirmed"))
    central.take(story.news())
    expect(heats.first.locator(".won .name")).to_have_text("Dora")
    expect(heats.first.locator(".won .time")).to_have_text("10.500")
    assert violations(page) == []
    page.locator("#by-stage").select_option("")
    expect(page.locator("#rows .name")).to_have_text(["Dora", "Anna", "Ben", "Carl"])


def test_the_clock_of_a_run_counts_with_the_unit_and_stands_in_a_pause(
    central: CentralThread, phone: BrowserContext
) -> None:
    page = open_page(phone, central)
    script = """async ([clock, now]) => (await import("/run_clock.js")).leftOrGoneMs(clock, now)"""
    clock = {"run_ms": 60_000, "started_utc_ms": 1_000_000}
    for given, now_ms, shown in (
        (clock, 1_010_000, 50_000),
        (clock, 1_070_000, 0),
        (clock | {"run_ms": 0}, 1_070_000, 70_000),
        (clock | {"pauses_utc_ms": [[1_005_000, 1_008_000]]}, 1_010_000, 53_000),
        (clock | {"pauses_utc_ms": [[1_005_000]]}, 1_030_000, 55_000),
        (clock, 9_000_000, None),
        (clock, 0, None),
    ):
        assert page.evaluate(script, [given, now_ms]) == shown


def test_axe_finds_nothing_on_any_page(central: CentralThread, browser: Browser) -> None:
    story = TrackStory().drives("c1", "Anna", 11.0, 1.0).drives("c2", "Ben", 12.5).drives("c2", "Ben", 12.0)
    story.teller.say(armed("live", "c2", s=900.0))
    central.take(story.news())
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        context = browser.new_context(
            viewport={"width": 360, "height": 740}, color_scheme=scheme, reduced_motion="reduce"
        )
        page = open_page(context, central)
        for path in ("", "#/competitors/c2", "#/competitors/nobody"):
            page.goto(f"http://127.0.0.1:{central.port}/{path}")
            expect(page.locator("#link")).to_have_text("Live")
            assert violations(page) == []
        page.fill("#query", "an")
        expect(page.locator("#found-rows .name")).to_have_text(["Anna"])
        assert violations(page) == []
        context.close()
