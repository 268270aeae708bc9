"""What the organiser does about the event itself: sponsors, calling it over, what comes next."""

from __future__ import annotations

import random
from pathlib import Path

import pygame
from playwright.sync_api import expect

from pitboard.drawing.picture_head import pixels_told
from pitboard.keeping.sealed_archive import open_archive
from pitboard.race.bodies.verdict_bodies import RunDecided
from sync.central.admin.sponsor_desk import PICTURE_MAX_BYTES
from tests.race_story import armed
from tests.sync.central.admin.desk.conftest import Organiser, Venue


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


def test_an_event_is_called_over_sealed_and_opened_again(
    venue: Venue, organiser: Organiser, tmp_path: Path
) -> None:
    page = organiser.page
    organiser.go("#/events")
    page.get_by_label("Day").fill("2027-09-12")
    page.locator("main").get_by_label("Name").fill("Autumn Cup")
    page.get_by_role("button", name="Plan it").click()
    expect(page.locator("li", has_text="Autumn Cup")).to_contain_text("2027-09-12")
    venue.track.teller.say(armed("open", "c1", s=900))
    venue.central.take(venue.track.news())
    page.get_by_role("button", name="Call it over").click()
    page.locator("dialog").get_by_label("Reason").fill("prizes are given")
    page.locator("dialog").get_by_role("button", name="Call it over").click()
    expect(page.locator("dialog .trouble")).to_contain_text("1 run not decided yet: Anna Berg")
    venue.track.teller.say(RunDecided(run_id="open", decision="discarded"))
    venue.central.take(venue.track.news())
    page.locator("dialog").get_by_role("button", name="Call it over").click()
    expect(page.locator("#told")).to_contain_text("The event is over")
    phone = page.context.new_page()
    phone.goto(f"http://localhost:{venue.central.port}/")
    expect(phone.locator("#over")).to_have_text(
        "The event is over; these results are final. Next: Autumn Cup, September 12, 2027."
    )
    page.bring_to_front()
    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("button", name="Sealed archive").click()
    assert download.value.suggested_filename == "Summer Cup.zip"
    archive = Path(download.value.path())
    listed, wrong = open_archive(archive, tmp_path / "journal.db")
    assert (listed.event, wrong) == ("Summer Cup", [])
    assert listed.root_key == venue.central.fold().root_key
    page.get_by_role("button", name="Open it again").click()
    page.locator("dialog").get_by_label("Reason").fill("a protest")
    page.locator("dialog").get_by_role("button", name="Open it again").click()
    expect(page.locator("main .tag").first).to_have_text("open")
    expect(phone.locator("#over")).to_have_text("")
    page.locator("li", has_text="Autumn Cup").get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("Nothing is planned.")
