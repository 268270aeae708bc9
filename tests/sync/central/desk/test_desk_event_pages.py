"""What the organiser does about the event itself: sponsors on every display."""

from __future__ import annotations

import random
from pathlib import Path

import pygame
from playwright.sync_api import expect

from pitboard.drawing.picture_head import pixels_told
from sync.central.admin.sponsor_desk import PICTURE_MAX_BYTES
from tests.sync.central.desk.conftest import Organiser, Venue


def test_a_photograph_is_made_small_and_sent_to_the_displays(
    venue: Venue, organiser: Organiser, tmp_path: Path
) -> None:
    surface = pygame.Surface((900, 700))  # of noise, as no PNG packs it: 1.9 MB
    surface.get_buffer().write(random.Random(1).randbytes(900 * 700 * 4))
    pygame.image.save(surface, tmp_path / "photo.png")
    (tmp_path / "text.png").write_bytes(b"no picture")
    page = organiser.page
    organiser.go("#/sponsors")
    expect(page.locator("main")).to_contain_text("No picture was sent yet.")
    page.locator("main").get_by_label("Name").fill("Tyre & Son")
    page.locator("input[type=file]").set_input_files(tmp_path / "text.png")
    page.get_by_role("button", name="Show it on the displays").click()
    expect(page.locator("main .trouble")).to_contain_text("no picture")
    page.locator("input[type=file]").set_input_files(tmp_path / "photo.png")
    page.get_by_role("button", name="Show it on the displays").click()
    expect(page.locator("#told")).to_contain_text("The displays show Tyre & Son")
    programme = venue.central.fold().race.programme
    [sponsor] = programme.sponsors()
    content = programme.picture(sponsor)
    assert sponsor.by == "anna"
    assert content is not None
    assert len(content) <= PICTURE_MAX_BYTES
    assert 10_000 < pixels_told(content) < 900 * 700
    seen = page.locator("img.sponsor")
    expect(seen).to_be_visible()
    assert seen.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0, "the desk itself shows it"
    page.get_by_role("button", name="Take away").click()
    page.locator("dialog").get_by_role("button", name="Take away").click()
    expect(page.locator("main")).to_contain_text("No picture was sent yet.")
    assert programme.sponsors() == []
