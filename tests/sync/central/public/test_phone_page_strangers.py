"""The phone page among what is not ours: portals, old browsers, parts refused, and the next event."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.sync.central.central_stage import CentralThread, TrackStory

PORTAL = b"<!doctype html><title>Welcome</title><p>Please accept our terms to use the network.</p>"
SENTENCE_MAX_MS = 5_000


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


class _Portal(BaseHTTPRequestHandler):
    """Answers everything with 200 and a page of its own, as captive portals and maintenance pages do; as
    `manner` says, otherwise."""

    manner = "200"
    answer = PORTAL

    def do_GET(self) -> None:
        kind = "application/json" if "api" in self.path else "text/html"
        if self.manner == "302" and self.path != "/welcome":
            self.send_response(302)
            self.send_header("Location", "/welcome")
            self.end_headers()
            return
        if self.manner in ("204", "511"):
            self.send_response(int(self.manner))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.manner == "endless":
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            with contextlib.suppress(OSError):
                while not self.server.is_over.wait(0.05):  # type: ignore[attr-defined]
                    self.wfile.write(b" " * 1_000)
                    self.wfile.flush()
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


class _PortServer(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.is_over = threading.Event()


@contextlib.contextmanager
def portal_at(port: int, manner: str = "200", *, answer: bytes = PORTAL) -> Iterator[None]:
    portal = type("Portal", (_Portal,), {"manner": manner, "answer": answer})
    with _PortServer(("127.0.0.1", port), portal) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield
        finally:
            server.is_over.set()
            server.shutdown()
            serving.join()


def address(central: CentralThread, path: str = "") -> str:
    return f"http://127.0.0.1:{central.port}/{path}"


def visited(phone: BrowserContext, central: CentralThread) -> Page:
    """Open the board and let the phone keep the whole page."""
    page = phone.new_page()
    page.goto(address(central))
    expect(page.locator("#link")).to_have_text("Live")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.wait_for_function("navigator.serviceWorker.controller")
    return page


def test_a_portals_page_wipes_nothing_that_the_phone_keeps(
    central: CentralThread, phone: BrowserContext
) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Ben", 13.5).news())
    page = visited(phone, central)
    page.goto(address(central, "#/competitors/c1"))
    expect(page.locator(".laps li")).to_have_text(["Lap 1Best12.500 ±2 µs"])
    page.get_by_role("button", name="Follow").click()
    central.stop()
    with portal_at(central.port):
        page.reload()
        expect(page.locator(".laps li")).to_have_text(["Lap 1Best12.500 ±2 µs"], timeout=SENTENCE_MAX_MS)
        expect(page.locator("#competitor-page")).to_contain_text("as this phone saw them last")
        page.goto(address(central, "#/"))
        page.reload()
        expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"])
        expect(page.locator("#followed-rows .name")).to_have_text(["Anna"])
        expect(page.locator("#banner")).to_contain_text("Board from")
        page.fill("#query", "be")
        expect(page.locator("#found-rows .name")).to_have_text(["Ben"])
        expect(page.locator("#found-note")).to_contain_text("last board")
    central.start()
    page.fill("#query", "")
    page.reload()
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"])


@pytest.mark.parametrize(
    "manner", ["511", *(pytest.param(one, marks=pytest.mark.field) for one in ("302", "204", "endless"))]
)
def test_however_a_portal_answers_the_phone_shows_what_it_keeps(
    manner: str, central: CentralThread, phone: BrowserContext
) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Ben", 13.5).news())
    page = visited(phone, central)
    page.goto(address(central, "#/competitors/c1"))
    expect(page.locator(".laps li")).to_have_text(["Lap 1Best12.500 ±2 µs"])
    central.stop()
    with portal_at(central.port, manner):
        page.reload(wait_until="commit")
        expect(page.locator(".laps li")).to_have_text(["Lap 1Best12.500 ±2 µs"], timeout=SENTENCE_MAX_MS)
        page.goto(address(central, "#/"))
        page.reload(wait_until="commit")
        expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"], timeout=SENTENCE_MAX_MS)
        expect(page.locator("#banner")).to_contain_text("Board from", timeout=SENTENCE_MAX_MS)
    central.start()
    page.reload()
    expect(page.locator("#link")).to_have_text("Live")


OLD_BOARD = b'{"event":{"name":"Summer Cup","resolution_ns":1000000},"entries":[],"on_track":[]}'
JSON_ANSWERS = {
    "an object": b"{}",
    "a list": b"[]",
    "null": b"null",
    "cut off": b'{"event":{"id":"x","name":"Sum',
    "a page that says it were JSON": PORTAL,
    "an older version's board": OLD_BOARD,
    "another phone's change": b'{"from":"0123456789","to":"9876543210","at":9,"entries":{"gone":["c1"]}}',
}


@pytest.mark.parametrize(
    "name",
    ["an object", *(pytest.param(one, marks=pytest.mark.field) for one in list(JSON_ANSWERS)[1:])],
)
def test_json_that_is_not_ours_is_not_live_and_wipes_nothing(
    name: str, central: CentralThread, phone: BrowserContext
) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Ben", 13.5).news())
    page = visited(phone, central)
    page.evaluate("""() => {
        const link = document.querySelector("#link");
        window.said = [];
        new MutationObserver(() => window.said.push(link.textContent)).observe(
            link, {childList: true, characterData: true, subtree: true});
    }""")
    central.stop()
    with portal_at(central.port, answer=JSON_ANSWERS[name]):
        expect(page.locator("#link")).not_to_have_text("Live", timeout=SENTENCE_MAX_MS)
        with page.expect_response(lambda answer: "live/page" in answer.url, timeout=15_000):
            """It asks again."""
        page.wait_for_timeout(200)
        assert "Live" not in page.evaluate("window.said")
        expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"])
        page.goto(address(central, "#/competitors/c1"))
        expect(page.locator("#competitor-page")).to_contain_text("Anna")
        page.goto(address(central, "#/"))
        page.reload()
        expect(page.locator("#rows .name")).to_have_text(["Anna", "Ben"], timeout=SENTENCE_MAX_MS)
        expect(page.locator("#banner")).to_contain_text("Board from", timeout=SENTENCE_MAX_MS)
        expect(page.locator("#link")).not_to_have_text("Live")
    central.start()
    page.reload()
    expect(page.locator("#link")).to_have_text("Live")


def test_the_next_event_at_the_same_address_keeps_nothing_of_the_last(
    tmp_path: Path, phone: BrowserContext
) -> None:
    with CentralThread(tmp_path / "first").running() as first:
        first.take(TrackStory().drives("c1", "Anna", 12.5).news())
        page = visited(phone, first)
        page.goto(address(first, "#/competitors/c1"))
        page.get_by_role("button", name="Follow").click()
        expect(page.get_by_role("button", name="Following")).to_be_visible()
        first.stop()
        with CentralThread(tmp_path / "next").running() as following:
            following.stop()
            following.port = first.port
            following.start()
            following.take(TrackStory().drives("c9", "Zoe", 9.5).news())
            page.goto(address(following, "#/"))
            page.reload()
            expect(page.locator("#link")).to_have_text("Live")
            expect(page.locator("#rows .name")).to_have_text(["Zoe"])
            expect(page.locator("#followed")).to_be_hidden()
            page.reload()
            expect(page.locator("#rows .name")).to_have_text(["Zoe"])
            expect(page.locator("#followed")).to_be_hidden()
            kept = page.evaluate("caches.has('answers')")
            assert not kept


def test_a_restart_with_another_name_is_the_same_event_and_keeps_the_stars(
    central: CentralThread, phone: BrowserContext
) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).news())
    page = visited(phone, central)
    page.goto(address(central, "#/competitors/c1"))
    page.get_by_role("button", name="Follow").click()
    central.stop()
    central.start()
    page.goto(address(central, "#/"))
    page.reload()
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#followed-rows .name")).to_have_text(["Anna"])


@pytest.mark.parametrize("part", ["app.js", "live_link.js", "ours.js"])
@pytest.mark.parametrize("is_refused", [True, False])
def test_where_a_part_is_refused_or_not_understood_the_board_and_a_sentence_are_there(
    central: CentralThread, phone: BrowserContext, part: str, is_refused: bool
) -> None:
    central.take(TrackStory().drives("c1", "Anna <b>", 12.5).drives("c2", "Ben", 13.5).news())
    if is_refused:
        phone.route(f"**/{part}", lambda route: route.abort())
    else:
        too_new = "let board = value ?.?. nothing;"
        phone.route(f"**/{part}", lambda route: route.fulfill(body=too_new, content_type="text/javascript"))
    page = phone.new_page()
    page.goto(address(central))
    expect(page.locator("#rows .name")).to_have_text(["Anna <b>", "Ben"], timeout=1_000)
    expect(page.locator("#rows .time")).to_have_text(["12.500", "13.500"])
    expect(page.locator("#event")).to_have_text("Summer Cup")
    expect(page.locator("#still")).to_be_visible(timeout=SENTENCE_MAX_MS)
    expect(page.locator("#link")).to_have_text("Not live")


def test_a_browser_without_scripts_shows_the_first_rows(central: CentralThread, browser: Browser) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).news())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(central))
    assert page.locator("#rows .name").all_text_contents() == ["Anna"]
    assert "load it again" in page.locator("noscript").inner_text()
    context.close()


def test_the_page_that_runs_says_nothing_of_old_browsers(
    central: CentralThread, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.clock.install()
    page.goto(address(central))
    expect(page.locator("#link")).to_have_text("Live")
    page.clock.fast_forward(SENTENCE_MAX_MS)
    expect(page.locator("#still")).to_be_hidden()


def test_the_first_answer_alone_is_painted_as_it_should_be(central: CentralThread, browser: Browser) -> None:
    """On slow 3G a style sheet of its own comes half a second later, and nothing is painted before."""
    central.take(TrackStory().drives("c1", "Anna", 11.0).news())
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.route(re.compile(r"http://[^/]+/.+"), lambda route: route.abort())
    page.goto(f"http://127.0.0.1:{central.port}/")
    expect(page.locator("#rows .rank")).to_have_css("font-weight", "800")
    expect(page.locator("#rows .name")).to_have_text("Anna")
    context.close()
