"""People on the official's screen are made anew only when something is said of them, and then at once."""

from __future__ import annotations

from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import (
    CompetitorChanged,
    CompetitorRegistered,
    CompetitorsJoined,
    PersonErased,
)
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen

ADA = CompetitorRegistered(competitor_id="ada", name="Ada")


def test_a_lap_leaves_people_as_they_are_and_each_word_about_them_shows_at_once() -> None:
    async def story(screen: VirtualScreen) -> None:
        unit = screen.unit

        async def central_says(*bodies: CompetitorChanged | CompetitorsJoined | PersonErased) -> list[str]:
            await unit.replica.accept([unit.central.say(body) for body in bodies])
            return sorted(one.name for one in screen.now.competitors)

        await screen.tap("pick:ada", "start")
        await screen.until(lambda now: now.run is not None)
        before = screen.now.competitors
        await unit.cross()
        await unit.cross()
        assert screen.now.competitors is before
        assert await central_says(CompetitorChanged(competitor_id="ada", name="Ben")) == ["Ben", "Ben"]
        assert [one.alike_in for one in screen.now.alike] == ["name"]
        assert await central_says(CompetitorsJoined(competitor_id="ben", into_id="ada")) == ["Ben"]
        assert not screen.now.alike
        assert await central_says(PersonErased(competitor_id="ada", records={})) == ["Erased"]

    before_the_screen(
        story, EventConfigured(name="Cup"), ADA, CompetitorRegistered(competitor_id="ben", name="Ben")
    )
