"""A unit and central learn each other's keys from a token that somebody typed, and from nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
import msgspec
import pytest
import requests
from click.testing import CliRunner

from pitboard.clock import SystemClock
from pitboard.errors import ActRefused
from pitboard.journal.records.kinds import DisplayEnrolled, UnitRevoked
from pitboard.program.config import EVENT_FILE_MODE, EventFile, load_event_file
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from sync.central.central_server import Central, open_central
from sync.central.command import central as central_command
from sync.central.commands.enrolment_commands import EnrolmentAdmin, _show, settle_names
from sync.central.config import IngestConfig
from sync.central.enrolment.enrolment_api import Issued, TicketView
from sync.central.enrolment.enrolment_desk import KEPT_NS, TOKEN_LIFE_NS, EnrolmentDesk
from sync.central.enrolment.unit_register import Cut
from sync.command import SyncConfig
from sync.enrolling.enrolment_client import EnrolmentClient, Introduced
from sync.enrolling.enrolment_words import CLAIM_PATH, REVEAL_PATH, Claim, EnrolmentToken, Role
from sync.exchanging.daemon_threads import in_daemon_thread
from tests.race_story import STRANGER, UNIT_B, armed
from tests.sync.central.central_stage import TrackStory, central_config
from trackside.config import TracksideConfig

Answer = TypeVar("Answer")
NEW_UNIT = Identity.from_seed(b"n" * 32)


@dataclass
class Stage:
    """A central under TLS, its admin at the socket, and units that knock."""

    central: Central
    admin: EnrolmentAdmin
    url: str

    async def issue(self, role: Role = "unit") -> tuple[str, EnrolmentToken]:
        issued = await in_daemon_thread(lambda: self.admin.issue("Track N", role))
        assert issued.address == self.url
        return issued.ticket, EnrolmentToken.parse(issued.token)

    async def introduce(
        self, token: EnrolmentToken, identity: Identity | None = NEW_UNIT, role: Role = "unit"
    ) -> tuple[EnrolmentClient, Introduced]:
        client = EnrolmentClient(self.url, token, identity, role=role)
        return client, await in_daemon_thread(client.introduce)

    async def enrol(self, identity: Identity = NEW_UNIT) -> None:
        ticket, token = await self.issue()
        await self.introduce(token, identity)
        await in_daemon_thread(lambda: self.admin.decide(ticket, accept=True))

    @property
    def enrolled(self) -> dict[str, str]:
        return dict(self.central.replica.fold.roster.enrolled())


@contextlib.asynccontextmanager
async def stage_at(folder: Path) -> AsyncIterator[Stage]:
    config = msgspec.structs.replace(central_config(folder), ingest=IngestConfig(port=0), unit=[])
    async with open_central(config, SystemClock()) as central:
        yield Stage(central, EnrolmentAdmin(config.admin_socket), f"https://127.0.0.1:{central.ingest_port}")


async def refused(code: str, act: Callable[[], Answer]) -> None:
    with pytest.raises(ActRefused) as error:
        await in_daemon_thread(act)
    assert error.value.code == code


def test_a_unit_is_enrolled_once_both_ends_saw_the_same_digits(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            ticket, token = await stage.issue()
            client, introduced = await stage.introduce(token)
            seen = await in_daemon_thread(lambda: stage.admin.wait_for_code(ticket))
            assert seen.code == introduced.code
            assert seen.key == NEW_UNIT.key
            assert (
                introduced.fingerprint
                == Certificate.load_or_create(certificate_beside(tmp_path / "central.db")).fingerprint
            )
            assert introduced.welcome.event_key == stage.central.replica.fold.root_key
            assert introduced.welcome.event == "Summer Cup"
            assert stage.enrolled == {}
            waiting = asyncio.create_task(in_daemon_thread(lambda: client.outcome().state))
            await in_daemon_thread(lambda: stage.admin.decide(ticket, accept=True))
            async with asyncio.timeout(5):
                assert await waiting == "confirmed"
            assert stage.enrolled == {NEW_UNIT.key: "Track N"}

    asyncio.run(story())


@pytest.mark.parametrize("who", ["admin", "unit"])
def test_either_end_may_say_no_and_nothing_is_enrolled(who: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            ticket, token = await stage.issue()
            client, _ = await stage.introduce(token)
            if who == "admin":
                await in_daemon_thread(lambda: stage.admin.decide(ticket, accept=False))
            else:
                await in_daemon_thread(lambda: client.outcome(wait_ms=0, is_refused=True))
                await refused("not-waiting", lambda: stage.admin.decide(ticket, accept=True))
            outcome = await in_daemon_thread(client.outcome)
            assert outcome.state == "refused"
            assert stage.enrolled == {}

    asyncio.run(story())


def test_a_token_is_good_once_and_only_for_its_role(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            _, token = await stage.issue()
            await refused("wrong-role", EnrolmentClient(stage.url, token, None).introduce)
            await stage.introduce(token)
            await refused("used-token", EnrolmentClient(stage.url, token, STRANGER).introduce)
            fingerprint = Certificate.load_or_create(certificate_beside(tmp_path / "central.db")).fingerprint
            guessed = EnrolmentToken.make(fingerprint=fingerprint)
            await refused("unknown-token", EnrolmentClient(stage.url, guessed, STRANGER).introduce)

    asyncio.run(story())


def test_a_token_is_good_for_ten_minutes_and_no_longer() -> None:
    desk = EnrolmentDesk(event_key="e" * 64, fingerprint="f" * 64, on_change=lambda: None)

    def used_after(age_ns: int) -> None:
        ticket = desk.issue("Stand", "display", now_mono_ns=5)
        claim = Claim(secret=ticket.token.secret, role="display", commitment="0" * 64)
        desk.claim(claim, now_mono_ns=5 + age_ns)

    used_after(TOKEN_LIFE_NS)
    with pytest.raises(ActRefused, match="older than ten minutes; get a new one") as late:
        used_after(TOKEN_LIFE_NS + 1)
    assert late.value.code == "expired-token"
    with pytest.raises(ActRefused) as forgotten:
        used_after(KEPT_NS + 1)
    assert forgotten.value.code == "unknown-token"


def test_nothing_is_told_to_another_box_than_the_one_that_made_the_token(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            foreign = EnrolmentToken.make(fingerprint="00" * 32)
            await refused("another-central", EnrolmentClient(stage.url, foreign, NEW_UNIT).introduce)
            await refused("bad-address", EnrolmentClient("http://127.0.0.1:1", foreign, NEW_UNIT).introduce)

    asyncio.run(story())


def test_a_guesser_is_slowed_down(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            fingerprint = Certificate.load_or_create(certificate_beside(tmp_path / "central.db")).fingerprint
            guess = EnrolmentToken.make(fingerprint=fingerprint)
            for _ in range(6):
                await refused("unknown-token", EnrolmentClient(stage.url, guess, STRANGER).introduce)
            await refused("too-often", EnrolmentClient(stage.url, guess, STRANGER).introduce)

    asyncio.run(story())


def knock(session: requests.Session, url: str, secret: str, *, source: str) -> str:
    """Show a secret from another address, as a trusted proxy tells it; return the answer's code."""
    nonce = "0" * 64
    body = {"secret": secret, "nonce": nonce, "role": "display", "commitment": nonce}
    headers = {"X-Forwarded-For": source}
    answer = session.post(url, json=body, headers=headers, verify=False, timeout=10)
    return str(answer.json().get("error", "ok"))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_wrong_tokens_are_counted_by_source_and_keep_nobody_else_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            codes = Counter[str]()
            session = requests.Session()
            for path in (CLAIM_PATH, REVEAL_PATH):
                for number in range(35):
                    source = f"192.0.2.{number}"
                    for _ in range(8):
                        code = await in_daemon_thread(
                            partial(knock, session, f"{stage.url}{path}", "0" * 13, source=source)
                        )
                        codes[code] += 1
            assert codes["unknown-token"] < 35 * 12, "claiming and revealing count together"
            assert codes["too-often"] > 35 * 4
            await stage.enrol(NEW_UNIT)
            assert NEW_UNIT.key in stage.enrolled

    asyncio.run(story())


@pytest.mark.parametrize("identity", [None, STRANGER], ids=["of an older version", "with a key"])
def test_a_display_gets_the_event_and_no_right_to_write(tmp_path: Path, identity: Identity | None) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            ticket, token = await stage.issue("display")
            client, introduced = await stage.introduce(token, identity, role="display")
            await in_daemon_thread(lambda: stage.admin.decide(ticket, accept=True))
            outcome = await in_daemon_thread(client.outcome)
            assert outcome.state == "confirmed"
            assert introduced.welcome.event_key == stage.central.replica.fold.root_key
            assert stage.enrolled == {}
            roster = stage.central.replica.fold.roster
            assert roster.admits(STRANGER.key) is (identity is not None), "room at the doors, no more"
            assert not roster.knows(STRANGER.key)

    asyncio.run(story())


def test_a_revoked_display_is_a_stranger_at_every_door_and_its_key_never_comes_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            roster = stage.central.replica.fold.roster
            ticket, token = await stage.issue("display")
            await stage.introduce(token, STRANGER, role="display")
            await in_daemon_thread(lambda: stage.admin.decide(ticket, accept=True))
            [listed] = await in_daemon_thread(stage.admin.units)
            assert (listed.role, listed.name, listed.state) == ("display", "Track N", "enrolled")
            second_ticket, second = await stage.issue("display")
            await stage.introduce(second, STRANGER, role="display")  # while it may still
            revoked = await in_daemon_thread(lambda: stage.admin.revoke("track n", "stolen", Cut()))
            assert (revoked.role, revoked.heads) == ("display", {})
            [listed] = await in_daemon_thread(stage.admin.units)
            assert (listed.role, listed.state) == ("display", "revoked")
            assert not roster.admits(STRANGER.key)
            assert roster.displays() == {}
            await refused("revoked-key", lambda: stage.admin.decide(second_ticket, accept=True))
            _, third = await stage.issue("display")
            await refused(
                "revoked-key", EnrolmentClient(stage.url, third, STRANGER, role="display").introduce
            )
            await stage.central.replica.append(DisplayEnrolled(key=STRANGER.key, name="Track N"))
            assert not roster.admits(STRANGER.key), "whatever is said later"

    asyncio.run(story())


def test_the_terminal_lists_and_revokes_a_display(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            await stage.central.replica.append(DisplayEnrolled(key=STRANGER.key, name="Stand"))
            said = await in_daemon_thread(lambda: invoked(tmp_path, "units"))
            assert said.strip() == f"Stand  enrolled      {STRANGER.key[:8]}  display"
            revoke = ("revoke", STRANGER.key[:8], "--reason", "stolen")
            said = await in_daemon_thread(lambda: invoked(tmp_path, *revoke, answers="y\n"))
            assert "Stand is revoked: it is a stranger at every door" in said
            said = await in_daemon_thread(lambda: invoked(tmp_path, "units"))
            assert said.strip() == f"Stand  REVOKED       {STRANGER.key[:8]}  display"

    asyncio.run(story())


def test_a_revoked_unit_counts_up_to_where_the_admin_says_and_its_key_never_comes_back(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            await stage.enrol()
            track = TrackStory()
            track.teller.__init__(NEW_UNIT, "Track N")  # type: ignore[misc]
            track.drives("c1", "Anna", 12.5).drives("c2", "Ben", 11.5)
            await stage.central.replica.accept(track.teller.records)
            stream, head = track.teller.writer.stream, len(track.teller.records)
            [unit] = await in_daemon_thread(stage.admin.units)
            assert (unit.state, unit.records, unit.streams) == ("enrolled", head, 1)
            cut = Cut(from_seq={stream[:8]: head})  # the confirmation of the second run
            revoked = await in_daemon_thread(lambda: stage.admin.revoke("track n", "lost", cut))
            assert revoked.heads == {stream: head - 1}
            board = stage.central.replica.fold.board
            assert [entry.competitor for entry in board.in_order() if entry.has_result] == ["c1"]
            [unit] = await in_daemon_thread(stage.admin.units)
            assert unit.state == "revoked"
            _, token = await stage.issue()
            await refused("revoked-key", EnrolmentClient(stage.url, token, NEW_UNIT).introduce)
            await stage.introduce(token, UNIT_B)  # the token was not spent on the refusal

    asyncio.run(story())


def test_a_cut_in_time_leaves_out_what_was_stamped_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            await stage.enrol()
            track = TrackStory()
            track.teller.__init__(NEW_UNIT, "Track N")  # type: ignore[misc]
            track.drives("c1", "Anna", 12.5)
            await stage.central.replica.accept(track.teller.records)
            middle = track.teller.records[3]
            cut = Cut(before_utc_ms=middle.header.stamp >> 16)
            revoked = await in_daemon_thread(lambda: stage.admin.revoke("Track N", "lost", cut))
            assert revoked.heads == {middle.stream: 3}
            bodies = stage.central.replica.fold.roster
            assert bodies.is_revoked(NEW_UNIT.key)
            assert isinstance(UnitRevoked(key=NEW_UNIT.key).heads, dict)

    asyncio.run(story())


def test_what_the_unit_was_told_takes_the_place_of_its_configs_keys(tmp_path: Path) -> None:
    told = EventFile(
        event='Cup "2026" \\ é',
        event_key="ab" * 32,
        name="Track N",
        central="https://192.0.2.20:8081",
        central_fingerprint="cd" * 32,
    )
    path = tmp_path / "event.toml"
    told.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == EVENT_FILE_MODE  # the machine's other programs read it
    assert load_event_file(path) == told
    (tmp_path / "trackside.toml").write_text(
        'name = "Track N"\nkey_file = "unit.key"\njournal = "unit.db"\n[api]\nsocket = "api.sock"\n'
    )
    assert TracksideConfig.load(tmp_path / "trackside.toml").event_key == told.event_key
    (tmp_path / "sync.toml").write_text('unit_socket = "api.sock"\nevent_file = "event.toml"\n')
    sync = SyncConfig.load(tmp_path / "sync.toml")
    assert (sync.central, sync.central_fingerprint) == (told.central, told.central_fingerprint)


@pytest.mark.parametrize(
    ("address", "is_told"), [("https://127.0.0.1:8081", True), ("https://192.0.2.20:8081", False)]
)
def test_a_door_on_loopback_is_told_before_somebody_types_its_address(
    address: str, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    _show(Issued(ticket="t", token="7K2QX", address=address, life_s=600), "unit")
    assert ('host = "0.0.0.0" under [ingest]' in capsys.readouterr().err) == is_told


async def with_an_open_run(stage: Stage) -> str:
    """Enrol a unit that has a run under way; return the run's id."""
    await stage.enrol()
    track = TrackStory()
    track.teller.__init__(NEW_UNIT, "Track N")  # type: ignore[misc]
    track.drives("c1", "Mia", 12.5)
    track.teller.say(armed("open", "c1", s=500.0))
    await stage.central.replica.accept(track.teller.records)
    return "open"


def invoked(folder: Path, *arguments: str, answers: str = "") -> str:
    """Run an admin's command at the central whose journal is in this folder; return what it printed."""
    config = folder / "central.toml"
    config.write_text('root_key_file = "root.key"\njournal = "central.db"\n[event]\nname = "Summer Cup"\n')
    outcome = CliRunner().invoke(central_command, ["--config", str(config), *arguments], input=answers)
    return f"{outcome.output} {outcome.exception or ''}"


def test_a_unit_that_is_revoked_in_mid_run_leaves_no_run_on_the_boards(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            run = await with_an_open_run(stage)
            assert [one.run_id for one in stage.central.replica.fold.race.run_list.undecided()] == [run]
            said = await in_daemon_thread(
                lambda: invoked(tmp_path, "revoke", "Track N", "--reason", "card dead", answers="y\ny\n")
            )
            assert "It left open: Mia." in said
            assert "Discarded: 1 run." in said
            race = stage.central.replica.fold.race
            assert race.run_list.undecided() == []
            assert race.runs[run].decision == "discarded"
            board = stage.central.replica.fold.board
            assert [entry.competitor for entry in board.in_order() if entry.has_result] == ["c1"]

    asyncio.run(story())


def test_an_open_run_stays_where_the_admin_wants_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            run = await with_an_open_run(stage)
            await in_daemon_thread(
                lambda: invoked(tmp_path, "revoke", "Track N", "--reason", "card dead", answers="y\nn\n")
            )
            race = stage.central.replica.fold.race
            assert stage.enrolled == {}
            assert [one.run_id for one in race.run_list.undecided()] == [run]

    asyncio.run(story())


def test_two_units_of_one_name_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            await stage.enrol()
            await stage.enrol(UNIT_B)
            said = await in_daemon_thread(
                lambda: invoked(tmp_path, "revoke", "Track N", "--reason", "old", answers="y\n")
            )
            assert "Several are called that; say " in said
            assert NEW_UNIT.key[:8] in said
            assert UNIT_B.key[:8] in said
            assert "Its key cannot" not in said
            assert len(stage.enrolled) == 2

    asyncio.run(story())


def test_enrolling_under_a_name_that_is_taken_asks_whether_the_old_unit_is_replaced(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage_at(tmp_path) as stage:
            run = await with_an_open_run(stage)
            await stage.enrol(UNIT_B)
            new = TicketView(state="confirmed", name="Track N", role="unit", key=UNIT_B.key, code=None)

            @click.command()
            def settle() -> None:
                settle_names(stage.admin, new, is_asked=True)

            said = await in_daemon_thread(lambda: CliRunner().invoke(settle, input="y\ny\n").output)
            assert "Another unit is called Track N too" in said
            assert stage.enrolled == {UNIT_B.key: "Track N"}
            assert stage.central.replica.fold.race.runs[run].decision == "discarded"

    asyncio.run(story())
