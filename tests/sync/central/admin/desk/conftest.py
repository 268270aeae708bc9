"""Somebody at a browser before the desk of a central that runs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sync.central.admin.desk.totp import STEP_MS, code_at
from sync.central.command import central as central_command
from tests.sync.central.admin.desk.desk_stage import PASSWORD
from tests.sync.central.admin.test_admin_door import CENTRAL_TOML
from tests.sync.central.central_stage import CentralThread, TrackStory


@dataclass
class Organiser:
    """Somebody at a browser, with the phone that makes the codes."""

    page: Page
    base: str
    secret: bytes = b""
    troubles: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.base}/{path}")

    def go_by(self, *paths: str) -> None:
        """Go to one page after the other, each once the one before is drawn: an old form is gone by then."""
        for path in paths:
            self.go(path)
            expect(self.page.locator("main")).to_have_attribute("data-page", path)

    def code(self, *, steps: int = 0) -> str:
        return code_at(self.secret, int(time.time() * 1_000) // STEP_MS + steps)

    def set_up(
        self,
        url: str,
        first: str = "Needs attention",
        *,
        password: str = "New password",
        again: str = "The password again",
    ) -> None:
        self.page.goto(url)
        text = self.page.locator(".secret").inner_text()
        self.secret = base64.b32decode(text + "=" * (-len(text) % 8))
        self.page.get_by_label(password).fill(PASSWORD)
        self.page.get_by_label(again).fill(PASSWORD)
        self.page.get_by_label("Code").fill(self.code())
        self.page.locator("main button[type=submit]").click()
        expect(self.page.get_by_role("heading", name=first)).to_be_visible()

    def acts(self, button: str, *, reason: str = "seen on video", **fields: str) -> None:
        """Press the button, fill in the dialog and do it."""
        self.page.locator("main").get_by_role("button", name=button, exact=True).first.click()
        dialog = self.page.locator("dialog")
        for label, value in fields.items():
            control = dialog.get_by_label(label)
            if control.evaluate("one => one.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        dialog.get_by_label("Reason").fill(reason)
        dialog.get_by_role("button", name="Do it").click()


@dataclass
class Venue:
    central: CentralThread
    folder: Path
    track: TrackStory

    def link(self, account: str = "anna", *options: str) -> str:
        config = self.folder / "central.toml"
        config.write_text(CENTRAL_TOML)
        words = ["--config", str(config), "admin-link", account, "--json", *options]
        said = CliRunner().invoke(central_command, words)
        assert said.exit_code == 0, said.output
        return str(json.loads(said.stdout)["url"])


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with CentralThread(tmp_path, desk_port=0).running() as central:
        track = TrackStory().drives("c1", "Anna Berg", 12.0, 10.0).drives("c2", "Ben", 11.0)
        central.take(track.news())
        yield Venue(central, tmp_path, track)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, ignore_https_errors=True)
    context.set_default_timeout(8_000)
    yield context
    context.close()


@pytest.fixture
def organiser(venue: Venue, context: BrowserContext) -> Iterator[Organiser]:
    page = context.new_page()
    organiser = Organiser(page, f"https://localhost:{venue.central.desk_port}")
    page.on("pageerror", lambda error: organiser.troubles.append(str(error)))
    page.on("console", lambda message: organiser.troubles.append(message.text))
    organiser.set_up(venue.link())
    yield organiser
    # A refusal is an answer that the browser notes; anything else on its console is our fault.
    assert [one for one in organiser.troubles if "Failed to load resource" not in one] == []
