"""Who asks by phone at the official's screen: let in by a tap, refused by a hold, each taken back."""

from __future__ import annotations

from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.queue_bodies import JoinCodeGiven, QueueAsked
from sync.central.public.race_reader import RaceReader
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen

CODE = JoinCodeGiven(code="CDF34", address="https://race.example.org")
ADA = QueueAsked(entry_id="a" * 32, competitor_id="ada", name="Ada  Lovelace\u202e")
BEN = QueueAsked(entry_id="b" * 32, competitor_id="ben")


def test_an_ask_is_let_in_by_one_tap_and_refused_by_a_hold_and_each_is_taken_back() -> None:
    async def story(screen: VirtualScreen) -> None:
        unit = screen.unit

        def phone(ask: QueueAsked) -> tuple[str, int | None]:
            place = RaceReader(unit.replica.fold).join_place(ask.entry_id, is_linked=True)
            return place.state, place.ahead

        assert [(one.name, one.is_known) for one in screen.now.asked] == [
            ("Ada Lovelace", False),
            ("Ben", True),
        ]
        assert (await screen.wait_for("queue")).note == "2 ask"
        await screen.tap("queue", "asked", f"accept:{ADA.entry_id}")
        await screen.until(lambda now: [one.name for one in now.queue] == ["Ada Lovelace"])
        assert phone(ADA) == ("waiting", 0)
        assert screen.now.competitor_named("ada") is not None
        await screen.tap(f"refuse:{BEN.entry_id}")
        await screen.until(lambda now: not now.asked)
        assert phone(BEN) == ("refused", None)
        said = screen.now.acts[0]
        assert (said.kind, said.what, said.who) == ("queue-marked", "refused", "Ben")
        await screen.tap("undo", "unact:*")  # the refusal
        await screen.until(lambda now: [one.name for one in now.asked] == ["Ben"])
        assert phone(BEN) == ("asked", None)
        await screen.tap("queue", "asked", f"accept:{BEN.entry_id}")
        await screen.until(lambda now: len(now.queue) == 2)
        assert phone(BEN) == ("waiting", 1)
        await screen.tap("back", "back", "undo", "unact:*")  # the acceptance
        await screen.until(lambda now: [one.name for one in now.asked] == ["Ben"])
        assert [one.name for one in screen.now.queue] == ["Ada Lovelace"]
        await screen.tap("start")  # Ada is next
        await screen.until(
            lambda now: now.run is not None and now.run.name == "Ada Lovelace" and not now.queue
        )
        assert phone(ADA) == ("left", None)

    before_the_screen(
        story,
        EventConfigured(name="Cup"),
        CompetitorRegistered(competitor_id="ben", name="Ben"),
        CODE,
        ADA,
        BEN,
    )


def test_without_central_the_queue_page_is_as_before() -> None:
    async def story(screen: VirtualScreen) -> None:
        await screen.tap("queue")
        await screen.wait_for("queue-empty")
        assert screen.find("asked") is None

    before_the_screen(story)


def test_two_units_let_the_same_ask_in_once_and_a_name_that_cannot_be_shown_is_not_offered() -> None:
    hidden = QueueAsked(entry_id="c" * 32, competitor_id="c", name="\u200b")
    elsewhere = QueueAsked(entry_id="d" * 32, competitor_id="d", name="Dora", track="9")

    async def story(screen: VirtualScreen) -> None:
        assert [one.name for one in screen.now.asked] == ["Ada Lovelace"]
        await screen.tap("queue", "asked", f"accept:{ADA.entry_id}")
        await screen.until(lambda now: len(now.queue) == 1)
        await screen.unit.replica.accept([screen.unit.central.say(ADA)])  # said again
        assert len(screen.now.queue) == 1
        assert not screen.now.asked

    before_the_screen(story, EventConfigured(name="Cup"), CODE, ADA, hidden, elsewhere)
