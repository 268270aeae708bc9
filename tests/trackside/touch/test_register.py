"""A competitor's number, class and transponder beside the name; scanners and keyboards that type."""

from __future__ import annotations

from pitboard.race.bodies.event_bodies import ClassSet, EventConfigured
from pitboard.unit_api.screen_state import Competitor
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen

EVENT = (EventConfigured(name="Club race"), ClassSet(race_class="j", name="Juniors"))


def only(screen: VirtualScreen) -> Competitor:
    (one,) = screen.now.competitors
    return one


def test_number_class_and_the_transponder_that_passes_are_registered_with_the_name() -> None:
    async def story(screen: VirtualScreen) -> None:
        await screen.tap("register")
        await screen.type("Ada")
        await screen.tap("keyboard:details", "person:class", "person:number")
        await screen.type("17")
        await screen.tap("keyboard:done")
        assert screen.find("loop:take") is None
        await screen.unit.cross(transponder=8_533_156)
        await screen.tap("loop:take", "person:save")
        await screen.until(lambda now: len(now.competitors) == 1)
        ada = only(screen)
        assert (ada.name, ada.number, ada.race_class, ada.transponders) == ("Ada", "17", "j", (8_533_156,))
        assert (await screen.wait_for("picked")).label == "Ada"
        # what is known is offered no more; a change says only what differs
        await screen.tap("rename", "keyboard:details")
        await screen.unit.cross(transponder=8_533_156)
        await screen.wait_for("loop")
        assert screen.find("loop:take") is None
        assert not (await screen.wait_for("person:save")).enabled
        await screen.tap("person:class", "person:save")
        await screen.until(lambda now: now.competitors[0].race_class == "")
        assert (only(screen).number, only(screen).transponders) == ("17", (8_533_156,))
        await screen.tap("undo", "unact:*")
        await screen.until(lambda now: now.competitors[0].race_class == "j")

    before_the_screen(story, *EVENT)


def test_a_scanner_picks_who_is_there_and_begins_who_is_new() -> None:
    async def story(screen: VirtualScreen) -> None:
        await screen.wait_for("search")
        await screen.type("Ada Lovelace;17;8533156\n")
        await screen.wait_for("person:save", enabled=True)
        await screen.tap("person:save")
        await screen.until(lambda now: len(now.competitors) == 1)
        await screen.register("Ben 17")
        for scanned, named in (
            ("17\n", "17 Ada Lovelace"),
            ("ben\n", "Ben 17"),
            ("8533156\n", "17 Ada Lovelace"),
        ):
            await screen.type(scanned)
            await screen.wait_for("picked")
            picked = next(one for one in screen.layout.widgets if one.name.startswith("pick:") and one.is_on)
            assert picked.label == named
        await screen.type("Zoe\n")
        assert (await screen.wait_for("keyboard:field")).label == "Zoe"
        assert len(screen.now.competitors) == 2  # a person says Register

    before_the_screen(story, *EVENT)


def test_a_tag_that_is_scanned_on_the_details_is_the_transponder_and_whose_it_is_already_is_said() -> None:
    async def story(screen: VirtualScreen) -> None:
        await screen.wait_for("search")
        await screen.type("Ada;7;77\n")
        await screen.tap("person:save")
        await screen.until(lambda now: len(now.competitors) == 1)
        await screen.tap("register")
        await screen.type("Ben")
        await screen.tap("keyboard:details")
        await screen.type("77\n")
        assert (await screen.wait_for("person:transponder")).note == "Taken by Ada"
        await screen.type("A-78, 79\n")
        assert (await screen.wait_for("person:transponder")).note == "Transponder"
        await screen.tap("person:save")
        await screen.until(lambda now: len(now.competitors) == 2)
        assert screen.now.competitors[1].transponders == ("A-78", 79)

    before_the_screen(story, *EVENT)
