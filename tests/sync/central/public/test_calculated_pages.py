"""Central's pages and tables say of a calculated time from what it is, and how sure."""

from __future__ import annotations

from pathlib import Path

import msgspec
from playwright.sync_api import Browser, expect

from pitboard.journal.views.views import view_board
from pitboard.keeping.export_command import board_table
from pitboard.keeping.export_sheets import certificate_bytes
from pitboard.keeping.export_tables import table_of
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.sentences.language import language
from sync.central.commands.admin_text import _entry
from sync.central.public.first_rows import with_first_rows, with_preview
from sync.central.public.live_board import LiveBoards
from sync.central.public.page_words import spoken
from tests.pitboard.race.passings.test_missed import both, of_system, offers, taken
from tests.pitboard.race.runs.test_marshalling import Story
from tests.pitboard.sentences.pseudo_language import HEBREW
from tests.race_story import armed, finished
from tests.sync.central.central_stage import CentralThread

SAID = "alculated from B, ±2 ms"


def missed() -> Story:
    """Return laps of 10, 12 and 12 s, the first of which ends at a calculated passing."""
    story = Story()
    story.say(CompetitorRegistered(competitor_id="ann", name="Ann"), armed("r", "ann", s=9))
    story.say(*both(1, s=10, b_ms=5), *both(2, s=22, b_ms=5), of_system("B", 3, s=32.005))
    story.say(*both(4, s=44, b_ms=5))
    story.say(taken(offers(story)[0]))
    return story


def test_tables_and_the_first_page_say_it() -> None:
    story = missed()
    story.say(finished("r", s=45))
    story.confirm()
    view = view_board(story.fold)
    assert "≈10.000" in board_table(view)
    assert SAID in board_table(view)
    assert SAID in _entry(view.entries[0], 1_000_000, language())
    page = with_first_rows("<!--FIRST_ROWS-->", view)
    turned = with_first_rows(spoken('<html lang="en"><!--FIRST_ROWS-->', HEBREW), view, HEBREW)
    assert '<html lang="he" dir="rtl">' in turned
    assert '<span class="time">\u2066≈10.000\u2069</span>' in turned
    assert ">≈10.000<" in page
    assert SAID in page
    preview = with_preview("<title>Pitboard</title><!--PREVIEW-->", view.event, "Ann", view.entries[0], "")
    assert "≈10.000" in preview
    assert SAID in preview
    [entry] = LiveBoards(story.fold).newest().form["entries"]
    assert (entry["calculated_ms"], entry["calculated_from"]) == (2, "B")
    measured = msgspec.structs.replace(view.entries[0], calculated=())
    plain = msgspec.structs.replace(view, entries=[measured])
    assert "≈" not in board_table(plain) + with_first_rows("<!--FIRST_ROWS-->", plain)
    marked = certificate_bytes(table_of(story.fold, "certificates"))
    rows = [msgspec.structs.replace(row, calculated="") for row in table_of(story.fold, "certificates").rows]
    bare = certificate_bytes(msgspec.structs.replace(table_of(story.fold, "certificates"), rows=rows))
    assert marked != bare


def test_the_phone_and_the_pages_that_are_shown_say_it(tmp_path: Path, browser: Browser) -> None:
    story = missed()
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    with CentralThread(tmp_path).running() as central:
        central.take(story.unit.records)
        own = f"http://127.0.0.1:{central.port}"
        screen = context.new_page()
        screen.goto(own)
        expect(screen.locator("#track-cards")).to_contain_text("≈10.000")
        expect(screen.locator("#track-cards")).to_contain_text(SAID)
        driven = len(story.unit.records)
        story.say(finished("r", s=45))
        story.confirm()
        central.take(story.unit.records[driven:])
        for path, list_of in (("/", "main"), ("/embed", "#rows"), ("/kiosk", "#rows")):
            screen.goto(own + path)
            expect(screen.locator(f"{list_of} .time").first).to_have_text("≈10.000")
            expect(screen.locator(list_of)).to_contain_text(SAID)
        screen.set_viewport_size({"width": 360, "height": 640})
        screen.goto(own + "/#/competitors/ann")
        expect(screen.locator(".summary")).to_contain_text(f"≈10.000 C{SAID}")
        said, card = (screen.locator(one).bounding_box() for one in (".summary .sure", ".summary"))
        assert said is not None
        assert card is not None
        assert said["x"] + said["width"] <= card["x"] + card["width"] - 16
        expect(screen.locator(".laps")).to_contain_text("≈10.000")
    context.close()
