"""The next event is begun with the names and the enrolments of the last one, and nobody types a token."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from pitboard.clock import SystemClock
from pitboard.errors import PitboardError
from pitboard.journal.disk.storage import Arrived
from pitboard.journal.records.kinds import DisplayEnrolled, DisplayRevoked, UnitEnrolled
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.keeping.journal_copy import fold_file
from pitboard.program.command_line import pitboard
from pitboard.program.config import EventFile, load_event_file
from pitboard.race.bodies.event_bodies import ClassSet
from pitboard.race.bodies.people_bodies import CompetitorRegistered, OfficialAppointed, PersonErased
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from pitboard.trust.pin_box import open_pin
from sync.central.central_server import Central, open_central
from sync.central.config import CentralConfig, EventConfig, IngestConfig
from sync.enrolling.hand_over import hand_overs_beside, load_hand_overs
from tests.race_story import STRANGER, UNIT_A, UNIT_B, Teller
from tests.sync.central.central_stage import TrackStory, central_config

CENTRAL = """
root_key_file = "root.key"
journal = "central.db"
[event]
name = "{name}"
"""
TRACKSIDE = 'name = "Track A"\nkey_file = "unit.key"\njournal = "unit.db"\n[api]\nsocket = "api.sock"\n'
DISPLAY = 'name = "Stand"\njournal = "display.db"\n'


class Cup:
    """Central's folder and a Pi's, and what people type at them."""

    def __init__(self, folder: Path) -> None:
        self.central, self.pi = folder / "central", folder / "pi"
        self.central.mkdir()
        self.pi.mkdir()
        (self.pi / "trackside.toml").write_text(TRACKSIDE)
        (self.pi / "display.toml").write_text(DISPLAY)
        self.unit = Identity.load_or_create(self.pi / "unit.key")
        self.config = msgspec.structs.replace(
            central_config(self.central), ingest=IngestConfig(port=0), unit=[]
        )
        self.url = ""

    @contextlib.asynccontextmanager
    async def serving(self, name: str) -> AsyncIterator[Central]:
        config = msgspec.structs.replace(self.config, event=EventConfig(name=name))
        async with open_central(config, SystemClock()) as central:
            self.url = f"https://127.0.0.1:{central.ingest_port}"
            yield central

    async def begin_next(self, name: str, *options: str) -> str:
        """Type it at central; return what was said."""
        (self.central / "central.toml").write_text(CENTRAL.format(name=name))
        arguments = ("--config", self.central / "central.toml", "next-event", *options)
        return await asyncio.to_thread(type_in, "central", *arguments)

    async def bring_over(self, file: str = "trackside.toml", *options: str) -> str:
        """Type it at the Pi, while central serves."""
        arguments = ("next-event", "--config", self.pi / file, "--central", self.url, *options)
        return await asyncio.to_thread(type_in, *arguments)

    def enrol(self, root_key: str) -> None:
        EventFile(
            event="Summer Cup",
            event_key=root_key,
            name="Track A",
            central="https://192.0.2.7:8081",
            central_fingerprint=Certificate.load_or_create(
                certificate_beside(self.central / "central.db")
            ).fingerprint,
            contact_key="ab" * 32,
        ).save(self.pi / "event.toml")

    async def keep(self, file: str, root_key: str, records: list[Record]) -> None:
        """Let a program of the Pi hold these records."""
        async with Replica.open(self.pi / file, root_key=root_key, clock=SystemClock()) as replica:
            await replica.accept(records)

    def told(self) -> EventFile:
        told = load_event_file(self.pi / "event.toml")
        assert told is not None
        return told


def type_in(*arguments: object) -> str:
    done = CliRunner().invoke(pitboard, [str(one) for one in arguments])
    if isinstance(done.exception, PitboardError):
        return f"1 pitboard: {done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return f"{done.exit_code} {done.output}"


async def summer_cup(cup: Cup) -> tuple[str, list[Record]]:
    """Run the first event; return its root key and the records of its unit."""
    story = TrackStory()
    story.teller = Teller(cup.unit, "Track A")
    story.drives("ann", "Ann", 10.0).drives("gone", "Gone", 11.0)
    bo = CompetitorRegistered(competitor_id="bo", name="Bo", number="7", transponders=(42,), team="X")
    story.teller.say(bo)
    records = story.news()
    async with cup.serving("Summer Cup") as central:
        await central.replica.append(UnitEnrolled(key=cup.unit.key, name="Track A"))
        await central.replica.accept(records)
        await central.replica.append(
            OfficialAppointed(official_id="olga", name="Olga", pin="verifier"),
            DisplayEnrolled(key=STRANGER.key, name="Stand"),
            DisplayEnrolled(key=UNIT_B.key, name="Bar"),
            DisplayRevoked(key=UNIT_B.key),
            ClassSet(race_class="kids", name="Kids", is_outside_awards=True),
            PersonErased(competitor_id="gone", records=central_places(central, "gone")),
        )
        root_key = central.replica.fold.root_key
    cup.enrol(root_key)
    await cup.keep("unit.db", root_key, records)
    await cup.keep("display.db", root_key, records)
    return root_key, records


def central_places(central: Central, competitor: str) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for stream, seq in central.replica.fold.places_to_erase(competitor):
        places.setdefault(stream, []).append(seq)
    return places


def test_names_and_enrolments_go_on_and_results_stay_with_the_old_event(tmp_path: Path) -> None:
    async def story() -> None:
        cup = Cup(tmp_path)
        old_key, _ = await summer_cup(cup)
        async with cup.serving("Summer Cup"):
            assert (await cup.bring_over()).startswith("1 ")  # nothing follows yet
            assert "central runs; stop it first" in await cup.begin_next("Autumn Cup")
        assert "says Summer Cup still" in await cup.begin_next("Summer Cup")
        said = await cup.begin_next("Autumn Cup")
        assert said.startswith("0 Taken over: 1 unit, 1 display, 2 competitors.\n"), said
        past = cup.central / "past-events" / f"summer-cup-{old_key[:8]}"
        assert Identity.load_or_create(past / "root.key").key == old_key
        assert len(fold_file(past / "central.db").race.runs) == 2

        async with cup.serving("Autumn Cup") as central:
            fold = central.replica.fold
            assert fold.root_key != old_key
            assert fold.roster.enrolled() == {cup.unit.key: "Track A"}
            assert fold.roster.displays() == {STRANGER.key: "Stand"}  # and not the stolen one
            people = {one.name: one for one in fold.race.roll.entered()}
            assert sorted(people) == ["Ann", "Bo"]  # who was erased does not come back
            assert (people["Bo"].number, people["Bo"].transponders, people["Bo"].team) == ("7", (42,), "X")
            (olga,) = fold.race.roll.officials()
            assert (olga.name, olga.pin) == ("Olga", "")  # closed now to all but the units
            for machine in (cup.unit, Identity.load_or_create(cup.central / "root.key")):
                opened = open_pin(olga.pin_box, olga.pin_keys, machine, official_id=olga.official_id)
                assert opened == "verifier"
            assert [one.is_outside_awards for one in fold.race.programme.classes()] == [True]
            assert not fold.race.runs

            said = await cup.bring_over()
            assert said.startswith("0 Track A is in Autumn Cup now."), said
            told = cup.told()
            assert (told.event, told.event_key, told.name) == ("Autumn Cup", fold.root_key, "Track A")
            assert told.central == cup.url
            assert told.contact_key is None
            kept = cup.pi / "past-events" / f"summer-cup-{old_key[:8]}"
            assert {"unit.db", "event.toml"} <= {file.name for file in kept.iterdir()}
            assert not (cup.pi / "unit.db").exists()
            assert "0 This machine is in Autumn Cup already" in await cup.bring_over("display.toml")
            assert not (cup.pi / "display.db").exists()

            fresh = Teller(cup.unit, "Track A")
            fresh.say(CompetitorRegistered(competitor_id="cy", name="Cy"))
            await central.replica.accept(fresh.records)
            assert fold.race.name_of("cy") == "Cy"

    asyncio.run(story())


def test_whoever_missed_an_event_follows_through_it(tmp_path: Path) -> None:
    async def story() -> None:
        cup = Cup(tmp_path)
        await summer_cup(cup)
        for name in ("Autumn Cup", "Winter Cup"):
            said = await cup.begin_next(name, "--without-names")
            assert said.startswith("0 Taken over: 1 unit, 1 display, 0 competitors."), said
        async with cup.serving("Winter Cup") as central:
            assert (await cup.bring_over()).startswith("0 Track A is in Winter Cup now.")
            assert cup.told().event_key == central.replica.fold.root_key

    asyncio.run(story())


def test_what_central_never_got_is_told_before_anything_is_moved(tmp_path: Path) -> None:
    async def story() -> None:
        cup = Cup(tmp_path)
        root_key, _ = await summer_cup(cup)
        late = Teller(cup.unit, "Track A", stream="f" * 32)
        late.say(CompetitorRegistered(competitor_id="di", name="Di"))
        foreign = Teller(UNIT_A, "Track B", stream="e" * 32)
        foreign.say(CompetitorRegistered(competitor_id="ed", name="Ed"))
        foreign.say(CompetitorRegistered(competitor_id="fay", name="Fay"))
        await cup.keep("unit.db", root_key, [*late.records, *foreign.records])
        await cup.begin_next("Autumn Cup")
        async with cup.serving("Autumn Cup"):
            said = await cup.bring_over()
            assert said.startswith("1 pitboard: Central never got 2 records of Summer Cup"), said
            assert (cup.pi / "unit.db").exists()
            assert cup.told().event == "Summer Cup"
            assert (await cup.bring_over("trackside.toml", "--yes")).startswith("0 Track A is in Autumn Cup")

    asyncio.run(story())


def test_an_event_that_the_old_root_key_did_not_name_is_not_followed(tmp_path: Path) -> None:
    async def story() -> None:
        cup = Cup(tmp_path)
        await summer_cup(cup)
        await cup.begin_next("Autumn Cup")
        path = hand_overs_beside(cup.central / "central.db")
        [honest] = load_hand_overs(path)
        for forged in (
            msgspec.structs.replace(honest, next_event="Mine"),
            msgspec.structs.replace(honest, next_key="cc" * 32),
            msgspec.structs.replace(honest, heads={}),
        ):
            path.write_bytes(msgspec.json.encode([forged]))
            async with cup.serving("Autumn Cup"):
                assert "enrol this machine anew with a token" in await cup.bring_over()
        path.write_bytes(b"[]")
        async with cup.serving("Autumn Cup"):
            assert "did not follow Summer Cup" in await cup.bring_over()
        assert cup.told().event == "Summer Cup"
        assert (cup.pi / "unit.db").exists()

    asyncio.run(story())


@pytest.mark.parametrize("cut", [1, 3, 4, 6, 8])
def test_a_power_cut_while_the_event_changes_is_taken_up_by_typing_it_again(
    cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        cup = Cup(tmp_path)
        old_key, _ = await summer_cup(cup)
        (cup.central / "contact.key").write_text("of the old event")
        renames = 0
        rename = Path.rename

        def cut_off(self: Path, target: Path) -> Path:
            nonlocal renames
            renames += 1
            if renames == cut + 1:
                raise KeyboardInterrupt
            return rename(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", cut_off)
            with contextlib.suppress(KeyboardInterrupt):
                await cup.begin_next("Autumn Cup")
        assert renames == cut + 1
        assert (await cup.begin_next("Autumn Cup")).startswith("0 ")
        past = cup.central / "past-events" / f"summer-cup-{old_key[:8]}"
        assert Identity.load_or_create(past / "root.key").key == old_key
        assert (past / "contact.key").exists()
        assert len(fold_file(past / "central.db").race.runs) == 2
        assert [one.next_event for one in load_hand_overs(hand_overs_beside(cup.central / "central.db"))] == [
            "Autumn Cup"
        ]
        async with cup.serving("Autumn Cup") as central:
            assert len(central.replica.fold.roster.enrolled()) == 1
            assert (await cup.bring_over()).startswith("0 ")

    asyncio.run(story())


def test_a_central_that_never_ran_or_keeps_a_database_says_what_to_do(tmp_path: Path) -> None:
    cup = Cup(tmp_path)
    assert "no event that could end" in asyncio.run(cup.begin_next("Autumn Cup"))
    (cup.central / "db.toml").write_text(
        'root_key_file = "root.key"\ndatabase = "postgresql:///x"\nfolder = "."\n[event]\nname = "Autumn"\n'
    )
    assert "'migrate'" in type_in("central", "--config", cup.central / "db.toml", "next-event")
    (cup.pi / "trackside.toml").write_text(f'event_key = "{"ab" * 32}"\n{TRACKSIDE}')
    assert "take it out" in type_in("next-event", "--config", cup.pi / "trackside.toml")
    (cup.pi / "trackside.toml").write_text(TRACKSIDE)
    assert "not enrolled" in type_in("next-event", "--config", cup.pi / "trackside.toml")
    assert CentralConfig.load(cup.central / "db.toml").database is not None


def test_records_of_the_last_event_count_nowhere_in_the_next_though_their_writer_does(tmp_path: Path) -> None:
    """The unit's key is enrolled in both; whoever has the old journal could hand it in."""

    async def story() -> None:
        cup = Cup(tmp_path)
        root_key, _ = await summer_cup(cup)
        async with Replica.open(cup.pi / "unit.db", root_key=root_key, clock=SystemClock()) as replica:
            writing = await replica.open_stream(cup.unit, "Track A")
            old = [
                one.record
                async for batch in one_batch(writing)
                for one in batch
                if one.record.stream == writing.next_place[0]
            ]
            old += await writing.append(CompetitorRegistered(competitor_id="late", name="Late"))
        await cup.begin_next("Autumn Cup")
        async with cup.serving("Autumn Cup") as central:
            acceptance = await central.replica.accept(old)
            assert (acceptance.taken, acceptance.refused) == (0, 1)
            assert old[0].stream not in central.replica.have()
            assert "late" not in central.replica.fold.race.competitors

    asyncio.run(story())


async def one_batch(replica: Replica) -> AsyncIterator[Sequence[Arrived]]:
    async for batch in replica.journal.tail():
        yield batch
        return
