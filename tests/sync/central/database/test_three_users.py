"""Central's three doors as three processes under three system users, whom PostgreSQL knows by peer; each then
tries what it must not do: the others' roles, keys, sockets, and contacts first.

The users stand in for pitboard-public, -ingest and -admin, and a map names them so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import random
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec
import pytest
import requests

from pitboard.clock import SystemClock
from pitboard.errors import NoCentral
from pitboard.journal.records.record import to_wire
from sync.central.admin.official_desk import OfficialNames
from sync.central.central_server import serve_central
from sync.central.commands.admin_client import AdminClient
from sync.central.config import (
    AdminConfig,
    CentralConfig,
    Door,
    EventConfig,
    IngestConfig,
    PublicConfig,
    UnitConfig,
)
from sync.central.database import postgres_contacts, postgres_storage
from sync.central.database.postgres_link import connect
from sync.central.database.schema import ROLE_NAMES, prepare_database
from sync.exchanging.exchange import SyncRequest, SyncResponse
from tests.postgres_server import PostgresServer, running_postgres
from tests.race_story import UNIT_A
from tests.sync.central.central_stage import TrackStory

START_MAX_S = 60
LOADED = (postgres_contacts, postgres_storage)
"""Before a child becomes a user who may not read where Python lies."""


class User(NamedTuple):
    name: str
    groups: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, int]:
        entry = pwd.getpwnam(self.name)
        return entry.pw_uid, entry.pw_gid


ADMIN = User("nobody")
USERS: dict[Door, User] = {
    "public": User("daemon"),
    "ingest": User("bin", (pwd.getpwnam("nobody").pw_gid,)),  # its socket to the admin's is of that group
    "admin": ADMIN,
}


def become(user: User) -> None:
    uid, gid = user.ids
    os.setgroups(list(user.groups))
    os.setgid(gid)
    os.setuid(uid)


def as_user(user: User, work: Callable[[], object]) -> object:
    """Return what the work says in a process of this user's; an error is told by its name."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become(user)
            try:
                said = work()
            except (OSError, asyncpg.PostgresError) as error:
                said = type(error).__name__
            os.write(writing, json.dumps(said).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


@contextlib.contextmanager
def door_of(user: User, door: Door, config: CentralConfig, port: int | None) -> Iterator[None]:
    """Serve a door as this user until the block ends."""
    child = os.fork()
    if child == 0:
        try:
            become(user)
            asyncio.run(serve_central(config, SystemClock(), asyncio.Event(), door))
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stderr.flush()
            os._exit(1)
    try:
        until = time.monotonic() + START_MAX_S
        while not (is_there(config) if port is None else is_open(port)):
            assert time.monotonic() < until, f"the {door} door does not serve"
            assert os.waitpid(child, os.WNOHANG) == (0, 0), f"the {door} door ended"
            time.sleep(0.05)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def is_there(config: CentralConfig) -> bool:
    """Return whether the admin's door answers: its socket is taken before the database has the event."""
    assert config.admin_socket is not None
    try:
        AdminClient(config.admin_socket).ask("/v1/admin/officials", OfficialNames)
    except NoCentral:
        return False
    return True


def is_open(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    """Return one below those that the kernel gives to who connects: such a one may connect to itself."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


def knows_by_peer(server: PostgresServer) -> None:
    """Let the server know system users by the kernel's word; the owner, who prepares, comes as before."""
    lines = [f"doors {USERS[door].name} {ROLE_NAMES[door]}" for door in USERS]
    (server.folder / "data" / "pg_ident.conf").write_text("\n".join(lines) + "\n")
    (server.folder / "data" / "pg_hba.conf").write_text(
        "local all owner trust\nlocal all all peer map=doors\n"
    )
    server.folder.chmod(0o755)
    server.run("pg_ctl", "-D", "data", "reload")


@dataclass
class Deployed:
    url: str
    config: CentralConfig
    root_key: Path

    def asks(self, door: Door, role: Door, statement: str = "SELECT 1") -> object:
        """Return what the door's user gets for the statement as this role."""

        async def ask() -> str:
            connection = await connect(self.url, user=ROLE_NAMES[role])
            try:
                await connection.execute(statement)
            finally:
                await connection.close()
            return "done"

        return as_user(USERS[door], lambda: asyncio.run(ask()))

    def knocks(self, door: Door, at: Path) -> object:
        def knock() -> str:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(at))
            return "done"

        return as_user(USERS[door], knock)


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to be three users")
    with tempfile.TemporaryDirectory(prefix="pitboard-users-") as made, served(Path(made)) as deployed:
        yield deployed


@contextlib.contextmanager
def served(top: Path) -> Iterator[Deployed]:
    """Serve the three doors, each with a folder that the other users cannot enter."""
    top.chmod(0o755)
    folders = {door: top / door for door in USERS}
    for door, folder in folders.items():
        folder.mkdir(mode=0o700)
        os.chown(folder, *USERS[door].ids)
    run = top / "run-admin"
    run.mkdir(mode=0o755)
    run.chmod(0o755)
    os.chown(run, *ADMIN.ids)
    join = top / "run-join"  # as systemd/system/central-doors-tmpfiles.conf has it made
    join.mkdir()
    os.chown(join, ADMIN.ids[0], USERS["public"].ids[1])
    join.chmod(0o2750)
    with running_postgres() as server:
        server.new_database("event")
        asyncio.run(prepare_database(server.url("event")))
        knows_by_peer(server)
        url = server.url("event", None)
        public_port, ingest_port = free_port(), free_port()

        def config_of(door: Door) -> CentralConfig:
            return CentralConfig(
                event=EventConfig(name="Summer Cup"),
                root_key_file=folders["admin"] / "root.key",
                database=url,
                folder=folders[door],
                public=PublicConfig(port=public_port),
                ingest=IngestConfig(port=ingest_port, tls=False),
                admin=AdminConfig(socket=run / "admin.sock", join_socket=join / "join.sock"),
                unit=[UnitConfig(name="Track A", key=UNIT_A.key)],
            )

        with (
            door_of(USERS["admin"], "admin", config_of("admin"), None),
            door_of(USERS["ingest"], "ingest", config_of("ingest"), ingest_port),
            door_of(USERS["public"], "public", config_of("public"), public_port),
        ):
            yield Deployed(url, config_of("admin"), folders["admin"] / "root.key")


def test_each_door_does_its_work_and_can_do_nothing_of_another(deployed: Deployed) -> None:
    config = deployed.config
    told = TrackStory().drives("c1", "Anna", 12.5).news()
    request = SyncRequest(have=None, records=[to_wire(record) for record in told])
    answer = requests.post(
        f"http://127.0.0.1:{config.ingest.port}/v1/sync", data=msgspec.json.encode(request), timeout=20
    )
    assert msgspec.json.decode(answer.content, type=SyncResponse).have[told[0].stream] == len(told)
    until = time.monotonic() + 20
    while "Anna" not in requests.get(f"http://127.0.0.1:{config.public.port}/api/v1/board", timeout=20).text:
        assert time.monotonic() < until
        time.sleep(0.05)

    for door in USERS:
        for role in USERS:
            expected = "done" if role == door else "InvalidAuthorizationSpecificationError"
            assert deployed.asks(door, role) == expected, (door, role)
    read = "SELECT envelope FROM contacts"
    assert [deployed.asks(door, door, read) for door in USERS] == ["InsufficientPrivilegeError"] * 2 + [
        "done"
    ]
    for door in USERS:
        change = deployed.asks(door, door, "UPDATE records SET header = 'x'")
        assert change == "InsufficientPrivilegeError", door
    for door, key, admins, hands_on, joins in (
        ("public", "PermissionError", "PermissionError", "PermissionError", "done"),
        ("ingest", "PermissionError", "PermissionError", "done", "PermissionError"),
        ("admin", "done", "done", "done", "done"),
    ):
        assert as_user(USERS[door], lambda: deployed.root_key.read_bytes() and "done") == key, door
        assert deployed.knocks(door, config.admin_socket) == admins, door
        assert deployed.knocks(door, config.ingest_socket) == hands_on, door
        assert deployed.knocks(door, config.join_socket) == joins, door
