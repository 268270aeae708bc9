"""A real PostgreSQL of the tests' own: in a folder that goes away, on a socket in it, reached by nobody else.

It is found where Debian puts it; where it is missing the tests are left out, and fail in CI."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

OWNER = "owner"
START_MAX_S = 60


def postgres_programs() -> Path:
    """Return the folder with initdb and pg_ctl; leaves the test out where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)
    if folders:
        return folders[0].parent
    missing = "PostgreSQL is missing; make system-packages installs it"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


class PostgresServer:
    """Runs in `folder`; whoever connects by its socket is believed to be who they say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = postgres_programs()
        self._as_user: dict[str, int] = {}
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            user = pwd.getpwnam("postgres")
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid}

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user; raises where it fails."""
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            timeout=START_MAX_S,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
            **self._as_user,  # type: ignore[call-overload]
        )

    def make(self) -> None:
        """Make an empty cluster."""
        if self._as_user:
            os.chown(self.folder, self._as_user["user"], self._as_user["group"])
        self.run(
            "initdb", "-D", "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"
        )

    def copy(self, primary: PostgresServer) -> None:
        """Make a copy of a running server that, once started, follows it as its standby."""
        if self._as_user:
            os.chown(self.folder, self._as_user["user"], self._as_user["group"])
        source = ("-h", str(primary.folder), "-U", OWNER)
        self.run("pg_basebackup", "-D", "data", *source, "-R", "-X", "stream", "-c", "fast", "--no-sync")

    def promote(self) -> None:
        """Make the standby the primary; return once it takes writes."""
        self.run("pg_ctl", "-D", "data", "-w", "promote")

    def start(self, *options: str) -> None:
        settings = ["-h", "", "-k", str(self.folder), "-c", "max_connections=60", *options]
        text = " ".join(f"'{setting}'" for setting in settings)
        self.run("pg_ctl", "-D", "data", "-w", "-t", "50", "-l", "log", "-o", text, "start")

    def stop(self, mode: str = "immediate") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", "data", "-m", mode, "stop")

    def url(self, database: str, user: str | None = OWNER) -> str:
        """Return where the database is; without a user, for whatever role opens it."""
        who = "" if user is None else f"{quote(user)}@"
        return f"postgresql://{who}/{database}?host={quote(str(self.folder), safe='')}"

    def new_database(self, name: str) -> None:
        async def make() -> None:
            connection = await asyncpg.connect(self.url("postgres"))
            await connection.execute(f'CREATE DATABASE "{name}"')
            await connection.close()

        asyncio.run(make())


@contextlib.contextmanager
def running_postgres(*options: str, standby_of: PostgresServer | None = None) -> Iterator[PostgresServer]:
    """Run a server for a while, empty or as a standby; `options` are of the program postgres."""
    folder = Path(tempfile.mkdtemp(prefix="pitboard-pg-"))  # short: a socket's path has at most 107 bytes
    server = PostgresServer(folder)
    try:
        if standby_of is None:
            server.make()
        else:
            server.copy(standby_of)
        server.start(*options)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
