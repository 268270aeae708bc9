"""Pictures of central's pages with a full house (`make screenshots`).

All go to `build/screens/pages/`, to be looked at; those that the manual shows also to `docs/pictures/`. The
phone page's icons are made of its drawing, too."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.axe import violations
from tests.right_to_left import signs_seen, speak_hebrew
from tests.sync.central.admin.desk.conftest import Organiser, Venue
from tests.sync.central.central_stage import CentralThread, TrackStory
from tests.sync.central.page_stage import CHANGED_RUN, WAITING_RUN, FullHouse
from tests.sync.conftest import BROWSER_FLAGS, CHROMIUM

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / "build" / "screens" / "pages"
SHOWN = ROOT / "docs" / "pictures"
SHOWN_MAX_BYTES = 150 * 1_024
ICONS = ROOT / "sync" / "central" / "public" / "page"
ICON_SIZES = {
    "apple-touch-icon": (180, 1.0),
    "icon-192": (192, 1.0),
    "icon-512": (512, 1.0),
    "icon-maskable": (512, 0.84),
}
"""Pixels of each, and how large the drawing is in it: phones may cut a maskable one to a circle of 80 %."""
SHOWN_PAGES = {
    "phone-board": (390, 780),
    "phone-competitor": (390, 780),
    "desk-home": (1_200, 760),
    "desk-run-changed": (1_200, 760),
    "desk-competitor": (1_200, 760),
    "desk-timing": (1_200, 760),
}
"""What docs/admin.md and docs/organiser-guide.md show, in English and light, and how much of the page."""
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Look:
    """How somebody sees a page."""

    width: int
    locale: str
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width}-{self.locale[:2]}-{self.scheme}"


LOOKS = (
    Look(360, "en-GB", "light"),
    Look(360, "de-DE", "dark"),
    Look(800, "de-DE", "light"),
    Look(800, "en-GB", "dark"),
    Look(1_400, "en-GB", "light"),
    Look(1_400, "de-DE", "dark"),
    Look(360, "he-IL", "light"),
    Look(1_400, "he-IL", "dark"),
)


@dataclass(frozen=True)
class Shot:
    """A page, and what somebody does on it before it is looked at."""

    name: str
    path: str
    act: Act = lambda _: None


def _type(words: str) -> Act:
    def act(page: Page) -> None:
        page.fill("#query", words)
        expect(page.locator("#found-rows li").first).to_be_visible()

    return act


def _choose_stage(page: Page) -> None:
    expect(page.locator("#by-stage")).to_be_visible()
    page.locator("#by-stage").select_option("finals")
    expect(page.locator(".heat").first).to_be_visible()


def _follow(page: Page) -> None:
    page.locator("button.follow").click()
    page.wait_for_timeout(100)


def _go_offline(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.locator("#banner")).not_to_be_empty()


def _open_dialog(page: Page) -> None:
    page.locator("main tbody button").first.click()
    expect(page.locator("dialog")).to_be_visible()


def _refused(page: Page) -> None:
    page.locator("main .card form button.main").first.click()
    page.wait_for_timeout(300)


PUBLIC = (
    Shot("phone-board", ""),
    Shot("phone-competitor", "#/competitors/p020", _follow),
    Shot("phone-competitor-long", "#/competitors/p000"),
    Shot("phone-nobody", "#/competitors/nobody"),
    Shot("phone-found", "", _type("berg")),
    Shot("phone-bracket", "", _choose_stage),
    Shot("join", "join"),
    Shot("embed", "embed"),
    Shot("kiosk", "kiosk"),
    Shot("overlay", "overlay"),
    Shot("phone-offline", "", _go_offline),
)
DESK = (
    Shot("desk-home", "#/"),
    Shot("desk-board", "#/board"),
    Shot("desk-found", "#/found/berg"),
    Shot("desk-competitor", "#/competitors/p020"),
    Shot("desk-competitor-long", "#/competitors/p160"),
    Shot("desk-run-changed", f"#/runs/{CHANGED_RUN}"),
    Shot("desk-run-waits", f"#/runs/{WAITING_RUN}"),
    Shot("desk-act", f"#/runs/{WAITING_RUN}", _open_dialog),
    Shot("desk-people", "#/people"),
    Shot("desk-timing", "#/timing", _refused),
    Shot("desk-rules", "#/rules"),
    Shot("desk-format", "#/format-from/DeepRacer, total time"),
    Shot("desk-plan", "#/plan"),
    Shot("desk-displays", "#/displays"),
    Shot("desk-sponsors", "#/sponsors"),
    Shot("desk-units", "#/units"),
    Shot("desk-officials", "#/officials"),
    Shot("desk-contacts", "#/contacts"),
    Shot("desk-events", "#/events"),
    Shot("desk-account", "#/account"),
    Shot("desk-no-page", "#/nothing"),
)
EMPTY_PUBLIC = (Shot("empty-board", ""), Shot("empty-embed", "embed"), Shot("empty-kiosk", "kiosk"))
EMPTY_DESK = tuple(
    Shot(f"empty-{name}", f"#/{name if name != 'home' else ''}")
    for name in ("home", "board", "timing", "plan", "displays", "units", "contacts", "events")
)


@dataclass
class Photographer:
    browser: Browser
    wanted: str
    looks: Sequence[Look]
    is_heard: bool
    count: int = 0
    beat: Callable[[], None] = lambda: None  # what the unit says of itself, so that it is not silent

    def take(self, base: str, shots: Sequence[Shot], is_drawn: str, storage: str | None = None) -> None:
        shots = [one for one in shots if self.wanted in one.name]
        for look in self.looks if shots else ():
            for shot in shots:
                self.beat()
                with self.page(look, storage) as page:
                    self._shoot(page, f"{base}/{shot.path}", shot, look, is_drawn)

    @contextlib.contextmanager
    def page(self, look: Look, storage: str | None = None) -> Iterator[Page]:
        context = self.browser.new_context(
            viewport={"width": look.width, "height": 780},
            locale=look.locale,
            color_scheme=look.scheme,
            reduced_motion="reduce",
            ignore_https_errors=True,
            storage_state=storage,
        )
        context.set_default_timeout(60_000)
        if look.locale.startswith("he"):
            speak_hebrew(context)
        yield context.new_page()
        context.close()

    def _shoot(self, page: Page, address: str, shot: Shot, look: Look, is_drawn: str) -> None:
        page.goto(address)
        page.wait_for_function(is_drawn)
        shot.act(page)
        page.wait_for_timeout(150)
        page.screenshot(
            path=OUT / f"{shot.name}-{look}.png", full_page=shot.name not in ("kiosk", "desk-act")
        )
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > look.width:
            click.echo(f"{shot.name}-{look}: {width} pixels wide")
        if self.is_heard and (found := violations(page)):
            click.echo(f"{shot.name}-{look}: {found}")
        if turned := [text for text, is_left in signs_seen(page).items() if not is_left]:
            click.echo(f"{shot.name}-{look}: turned round: {turned}")
        self.count += 1


PUBLIC_IS_DRAWN = """() => {
  const link = document.getElementById("link");
  return link ? link.dataset.state === "live" : document.title !== "Pitboard";
}"""
DESK_IS_DRAWN = "() => document.querySelector('main').dataset.page === (location.hash || '#/')"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Pictures of central's pages.")
    parser.add_argument("--only", default="", metavar="WORD", help="the pages with this word in their name")
    parser.add_argument("--look", default="", metavar="WORD", help="such as 360, de or 1400-en-light")
    parser.add_argument("--shown", action="store_true", help="those of docs/pictures alone")
    parser.add_argument("--axe", action="store_true", help="say what axe finds, too")
    given = parser.parse_args(argv)
    OUT.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=60_000)  # nobody waits for a picture
    looks = [look for look in LOOKS if given.look in str(look)]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER_FLAGS)
        _draw_icons(browser)
        camera = Photographer(browser, given.only, () if given.shown else looks, given.axe)
        _full_house(camera, Path(folder) / "full")
        if not given.shown:
            _empty_house(camera, Path(folder) / "empty")
        browser.close()
    click.echo(f"{camera.count} pictures in build/screens/pages, {len(SHOWN_PAGES)} in docs/pictures")


def _draw_icons(browser: Browser) -> None:
    """Make of the drawing the pictures that phones want, for a home screen takes no SVG."""
    drawing = (ICONS / "icon.svg").read_text(encoding="utf-8")
    for name, (size, part) in ICON_SIZES.items():
        page = browser.new_page(viewport={"width": size, "height": size})
        style = f"body {{ margin: 0; background: #080b10 }} svg {{ display: block; scale: {part} }}"
        page.set_content(f"<style>{style}</style>{drawing}")
        page.screenshot(path=ICONS / f"{name}.png")
        page.close()


def _full_house(camera: Photographer, folder: Path) -> None:
    folder.mkdir()
    with CentralThread(folder, desk_port=0).running() as central:
        house = FullHouse(central)
        house.fill()
        public, desk = f"http://127.0.0.1:{central.port}", f"https://localhost:{central.desk_port}"
        storage = _signed_in(camera, central, folder)
        camera.beat = house.beats
        camera.take(public, PUBLIC, PUBLIC_IS_DRAWN)
        camera.take(desk, DESK, DESK_IS_DRAWN, storage)
        with camera.page(Look(1_400, "en-GB", "light")) as page:
            page.goto(desk)
            page.locator("main form").first.wait_for()
            page.screenshot(path=OUT / "desk-sign-in.png")
        _show(camera, public, desk, storage)
        camera.beat = lambda: None


def _empty_house(camera: Photographer, folder: Path) -> None:
    folder.mkdir()
    with CentralThread(folder, desk_port=0).running() as central:
        storage = _signed_in(camera, central, folder)
        camera.take(f"http://127.0.0.1:{central.port}", EMPTY_PUBLIC, PUBLIC_IS_DRAWN)
        camera.take(f"https://localhost:{central.desk_port}", EMPTY_DESK, DESK_IS_DRAWN, storage)


def _signed_in(camera: Photographer, central: CentralThread, folder: Path) -> str:
    """Return the file of a browser's cookies that is signed in at the desk."""
    with camera.page(Look(1_400, "en-GB", "light")) as page:
        organiser = Organiser(page, f"https://localhost:{central.desk_port}")
        organiser.set_up(Venue(central, folder, TrackStory()).link())
        page.context.storage_state(path=folder / "cookies.json")
    return str(folder / "cookies.json")


def _show(camera: Photographer, public: str, desk: str, storage: str) -> None:
    """Take the pictures of the manual, each small enough for it."""
    for shot in (*PUBLIC, *DESK):
        if shot.name not in SHOWN_PAGES:
            continue
        width, height = SHOWN_PAGES[shot.name]
        is_desk = shot.name.startswith("desk")
        with camera.page(Look(width, "en-GB", "light"), storage if is_desk else None) as page:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{desk if is_desk else public}/{shot.path}")
            page.wait_for_function(DESK_IS_DRAWN if is_desk else PUBLIC_IS_DRAWN)
            shot.act(page)
            page.wait_for_timeout(300)
            made = SHOWN / f"{shot.name}.png"
            page.screenshot(path=made)
            shutil.copy(made, OUT / f"shown-{made.name}")
            assert made.stat().st_size <= SHOWN_MAX_BYTES, f"{made} is too large for the manual"


if __name__ == "__main__":
    main()
