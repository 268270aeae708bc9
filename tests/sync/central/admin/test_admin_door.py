"""The admin's door of a running central: its commands, who may open it, and names that arrive late."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitboard.clock import ScriptedClock
from pitboard.journal.replica import Replica
from pitboard.keeping.journal_copy import fold_file
from pitboard.keeping.verify_restore import check_file
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.roll import Official
from pitboard.trust.identity import Identity
from pitboard.trust.pin import pin_matches
from sync.central.admin.pin_keeper import verifier_of
from sync.central.command import central
from tests.pitboard.journal.test_erasure import CANARY, carry, files_with
from tests.race_story import UNIT_A, Teller
from tests.sync.central.central_stage import CentralThread, TrackStory, central_at

CENTRAL_TOML = """
root_key_file = "root.key"
journal = "central.db"
[event]
name = "Summer Cup"
[public]
port = 0
[ingest]
port = 0
tls = false
"""


class Terminal:
    """Somebody who types `pitboard central --config F …` while central runs."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "central.toml"
        self.config.write_text(CENTRAL_TOML)

    def type(self, *words: str, answer: str | None = None) -> Result:
        arguments = ["--config", str(self.config), *words]
        return CliRunner().invoke(central, arguments, input=answer)

    def reads(self, *words: str, answer: str | None = None) -> str:
        outcome = self.type(*words, answer=answer)
        assert outcome.exit_code == 0, outcome.output + str(outcome.exception)
        return outcome.stdout

    def refused(self, *words: str, answer: str | None = None) -> str:
        outcome = self.type(*words, answer=answer)
        assert outcome.exit_code != 0
        return str(outcome.exception) if not isinstance(outcome.exception, SystemExit) else outcome.output


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with CentralThread(tmp_path).running() as running:
        running.take(TrackStory().drives("c1", "Anna Berg", 12.0, 10.0).drives("c2", "Ben", 11.0).news())
        yield Terminal(tmp_path)


def test_a_dispute_at_the_desk(terminal: Terminal) -> None:
    shown = terminal.reads("laps", "anna")
    assert shown.splitlines() == [
        "Anna Berg  id c1  rank 1 with 10.000",
        "Run 1, confirmed, Track A, track 1:",
        "        12.000  c1/1/1",
        "        10.000  c1/1/2                    best",
    ]
    said = terminal.reads("void", "anna", "berg", "1", "2", "--reason", "cut the corner")
    assert said.splitlines() == [
        "Run 1, lap 2 of Anna Berg (10.000) is void now.",
        "On the board: rank 1 with 10.000 → rank 2 with 12.000.",
        "  Ben: rank 2 → rank 1",
    ]
    said = terminal.reads("correct", "c1/1/1", "--time", "10,5", "--reason", "video")
    assert "On the board: rank 2 with 12.000 → rank 1 with 10.500." in said
    done = json.loads(terminal.reads("disqualify", "ben", "--reason", "underweight", "--json"))
    assert done["change"]["after"]["is_disqualified"]
    assert "back in the ranking" in terminal.reads("disqualify", "ben", "--undo", "--reason", "scale was off")
    said = terminal.reads("void", "c1/1/2", "--undo", "--reason", "other car")
    assert said.splitlines()[0].endswith(
        "is no longer void by the admin's word; the official's counts again."
    )
    acts = [line.split("  ", 1)[1] for line in terminal.reads("history", "anna").splitlines()[1:]]
    assert acts[-3:] == [
        "admin: run 1, lap 2 (measured 10.000): void  because: cut the corner",
        "admin: run 1, lap 1 (measured 12.000): set to 10.500  because: video",
        "admin: run 1, lap 2 (measured 10.000): verdict withdrawn  because: other car",
    ]


def test_an_erasure_asks_for_the_name_and_says_that_it_is_final(terminal: Terminal) -> None:
    assert "nothing was erased" in terminal.refused("erase", "anna", "--reason", "x", answer="yes\n")
    assert "nothing was erased" in terminal.refused("erase", "anna", "--reason", "x", answer="")
    outcome = terminal.type("erase", "anna", "--reason", "asked for it", answer="Anna Berg\n")
    assert outcome.exit_code == 0
    assert "This cannot be undone." in outcome.output
    assert "Exports and backups made earlier keep the name." in outcome.output
    assert "Erased  id c1  rank 1 with 10.000" in terminal.reads("laps", "c1")
    assert "cannot be undone" in terminal.refused("erase", "c1", "--undo", "--reason", "x")
    assert "is erased here" in terminal.reads("erase", "ben", "--yes", "--reason", "asked for it")


def test_what_is_refused_is_one_sentence_and_a_reason_is_required(terminal: Terminal) -> None:
    assert terminal.refused("void", "zoe/1/1", "--reason", "x") == (
        "Nobody is called 'zoe'; type another part of the name, or the id."
    )
    assert "Missing option '--reason'" in terminal.refused("void", "ben/1/1")
    assert "--time 12.345" in terminal.refused("correct", "ben/1/1", "--reason", "x")


def test_only_centrals_own_user_may_open_the_door(terminal: Terminal, tmp_path: Path) -> None:
    mode = (tmp_path / "admin.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert mode & 0o777 == 0o600


def test_while_central_is_stopped_the_commands_say_so_in_one_sentence(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    socket = tmp_path / "admin.sock"
    sentence = f"central cannot be asked at {socket}: it is not running; start it, then try again"
    assert terminal.refused("laps", "anna") == sentence
    program = [sys.executable, "-m", "pitboard", "central", "--config", str(terminal.config)]
    outcome = subprocess.run(
        [*program, "void", "anna/1/1", "--reason", "x"], capture_output=True, text=True, timeout=20
    )
    assert (outcome.returncode, outcome.stderr) == (1, f"pitboard: {sentence}\n")


def test_central_is_backed_up_through_its_door(terminal: Terminal, tmp_path: Path) -> None:
    from pitboard.keeping.backup_command import backup

    out = tmp_path / "out"
    outcome = CliRunner().invoke(backup, ["--config", str(terminal.config), str(out)])
    assert outcome.exit_code == 0, outcome.output
    assert check_file(out).sound


def test_a_unit_that_was_off_for_days_brings_the_name_and_it_is_erased_everywhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as running:
            root_key = running.replica.fold.root_key
            early = Teller(UNIT_A, "Track A")
            early.say(CompetitorRegistered(competitor_id="c1", name=CANARY))
            await running.replica.accept(early.records)
            off = tmp_path / "off.db"
            async with Replica.open(off, root_key=root_key, clock=ScriptedClock()) as unit:
                await carry(running.replica, unit)
                unit = await unit.open_stream(UNIT_A, "Track A")
                await unit.append(CompetitorRegistered(competitor_id="c1", name=f"{CANARY} II"))
            terminal = Terminal(tmp_path)
            said = await asyncio.to_thread(terminal.reads, "erase", "c1", "--yes", "--reason", "asked for it")
            assert "is erased here" in said
            assert files_with(CANARY, tmp_path) == ["off.db"]
            async with Replica.open(off, root_key=root_key, clock=ScriptedClock()) as unit:
                unit = await unit.open_stream(UNIT_A, "Track A")
                await carry(unit, running.replica)
                async with asyncio.timeout(5):
                    while running.replica.fold.places_to_erase("c1"):
                        await asyncio.sleep(0.01)
                await carry(running.replica, unit)
                assert files_with(CANARY, tmp_path) == []
                assert unit.have() == running.replica.have()
                assert unit.fold.race.name_of("c1") == "Erased"
        assert check_file(tmp_path / "central.db").sound
        assert check_file(off).sound

    asyncio.run(story())


def test_the_displays_are_steered_from_the_desk(tmp_path: Path) -> None:
    with CentralThread(tmp_path).running():
        terminal = Terminal(tmp_path)
        said = terminal.reads("display", "Grandstand", "--scene", "podium:20", "--scene", "qr")
        assert said == "Grandstand shows, as soon as it has this word: Podium, Code for phones.\n"
        terminal.reads("display", "grandstand", "--scene", "usual", "--name", "Bar")
        assert "There is no scene 'podum'." in terminal.refused("display", "Bar", "--scene", "podum")
        assert "--scene podium" in terminal.refused("display", "Bar")
        assert "SCENE:SECONDS" in terminal.refused("display", "Bar", "--scene", "qr:0")
        terminal.reads("display", "all", "--scene", "message")
        terminal.reads("message", "The", "track", "is", "closed", "--minutes", "10", "--display", "bar")
        terminal.reads("message", "Welcome")
        fold = fold_file(tmp_path / "central.db")
        programme = fold.race.programme
        assert {one.display: one.name for one in programme.displays()} == {"*": "*", "Grandstand": "Bar"}
        assert [item.scene for item in programme.displays()[0].playlist] == ["message"]
        said_messages = {one.text: one.displays for one in programme.messages()}
        assert said_messages == {"The track is closed": ("Grandstand",), "Welcome": ()}
        assert terminal.reads("message") == "2 messages are gone.\n"
        assert fold_file(tmp_path / "central.db").race.programme.messages() == []


def test_officials_are_appointed_given_another_pin_and_dismissed(tmp_path: Path) -> None:
    with CentralThread(tmp_path).running():
        terminal = Terminal(tmp_path)
        assert terminal.reads("official").startswith("Nobody is appointed")
        assert "Olga Berg may sign in now" in terminal.reads(
            "official", "Olga", "Berg", answer="112233\n112233\n"
        )
        (olga,) = fold_file(tmp_path / "central.db").race.roll.officials()
        root = Identity.load_or_create(tmp_path / "root.key")

        def verifier(official: Official) -> str:
            assert official.pin == ""
            return verifier_of(official, root) or ""

        assert pin_matches(verifier(olga), "112233")
        assert "another PIN" in terminal.reads("official", "olga berg", answer="445566\n445566\n")
        (again,) = fold_file(tmp_path / "central.db").race.roll.officials()
        assert (again.official_id, pin_matches(verifier(again), "445566")) == (olga.official_id, True)
        assert "six digits" in terminal.refused("official", "Ben", answer="12\n12\n").replace("6", "six")
        assert "Appointed: olga berg" in terminal.refused("official", "Ben", "--dismiss")
        assert "may no longer sign in" in terminal.reads("official", "Olga", "Berg", "--dismiss")
        assert fold_file(tmp_path / "central.db").race.roll.officials() == []
