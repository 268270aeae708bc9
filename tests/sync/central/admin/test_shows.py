"""The pages that are shown and not touched: within another page, over a video, on a television."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import violations
from tests.race_story import armed, passing
from tests.sync.central.central_stage import CentralThread, TrackStory


@pytest.fixture
def central(tmp_path: Path) -> Iterator[CentralThread]:
    with CentralThread(tmp_path).running() as central:
        yield central


@pytest.fixture
def screen(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@contextlib.contextmanager
def another_site(folder: Path, *pages: str) -> Iterator[str]:
    """Serve pages that show these addresses in a frame, as 0.html and so on; yield where."""
    for number, address in enumerate(pages):
        (folder / f"{number}.html").write_text(f'<!doctype html><iframe src="{address}"></iframe>')

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_another_sites_page_may_show_the_board_within_its_own(
    central: CentralThread, screen: Page, tmp_path: Path
) -> None:
    central.take(TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Ben", 13.0).news())
    own = f"http://127.0.0.1:{central.port}"
    with another_site(tmp_path, f"{own}/embed?count=1&theme=dark", f"{own}/") as site:
        screen.goto(f"{site}/0.html")
        framed = screen.frame_locator("iframe")
        expect(framed.locator("#rows .name")).to_have_text(["Anna"])
        expect(framed.locator("#rows .time")).to_have_text(["12.500"])
        screen.goto(f"{site}/1.html")
        expect(screen.frame_locator("iframe").locator("#rows")).to_have_count(0)


def test_over_a_video_stands_who_drives_and_nothing_else(central: CentralThread, screen: Page) -> None:
    story = TrackStory().drives("c1", "Anna", 12.5)
    central.take(story.news())
    screen.clock.install()
    screen.goto(f"http://127.0.0.1:{central.port}/overlay?track=1")
    expect(screen.locator("#third")).to_be_hidden()
    story.teller.say(armed("live", "c1", s=500.0))
    for seq, at_s in ((100, 501.0), (101, 512.0)):
        story.teller.say(passing(seq, s=at_s))
    central.take(story.news())
    expect(screen.locator("#name")).to_have_text("Anna")
    expect(screen.locator("#facts")).to_have_text("1 lap · Last lap 11.000")
    background = screen.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgba(0, 0, 0, 0)", "the video shows through"
    central.stop()
    expect(screen.locator("#third")).to_be_visible()
    screen.clock.fast_forward(12_000)
    expect(screen.locator("#third")).to_be_hidden()


def test_a_television_turns_the_pages_of_the_board_by_itself(central: CentralThread, screen: Page) -> None:
    story = TrackStory()
    for number in range(15):
        story.drives(f"c{number}", f"Driver {number}", 12.5 + number)
    central.take(story.news())
    screen.goto(f"http://127.0.0.1:{central.port}/kiosk?seconds=3")
    expect(screen.locator("#rows .name").first).to_have_text("Driver 0")
    shown = screen.locator("#rows .name").count()
    assert 5 < shown < 15
    assert screen.evaluate("document.documentElement.scrollHeight") <= 720
    assert violations(screen) == []
    expect(screen.locator("#rows .name").first).to_have_text(f"Driver {shown}")
