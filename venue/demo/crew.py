"""The demo's processes: started like systemd would, killed on request, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from pitboard.tasks import Errands

STOP_MAX_S = 10.0
RESTART_S = 0.5


@dataclass(slots=True)
class Member:
    """One program; `arguments` follow `python -m pitboard`, unless `module` says otherwise.

    `inside` is a command that runs it elsewhere; it must become the program, or signals meet it alone.
    """

    name: str
    arguments: Sequence[str]
    module: str = "pitboard"
    inside: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    watcher: asyncio.Task[None] | None = None
    is_wanted: bool = False
    may_be_closed: bool = False
    is_closed: bool = False
    exits: list[int] = field(default_factory=list)  # statuses nobody asked for


class Crew:
    """Runs the members; each writes its standard error to `FOLDER/logs/NAME.log`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._logs = folder / "logs"
        self._environment = {**os.environ, **environment}
        self.members: dict[str, Member] = {}
        self._watching = Errands("watching a member of the crew")

    @classmethod
    @contextlib.asynccontextmanager
    async def assembled(cls, folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Crew]:
        """Yield an empty crew; whatever still runs when the context ends is killed."""
        crew = cls(folder, environment)
        crew._logs.mkdir(parents=True, exist_ok=True)
        try:
            yield crew
        finally:
            for member in reversed(crew.members.values()):
                await crew._end(member, signal.SIGKILL)

    def add(
        self,
        name: str,
        *arguments: str,
        module: str = "pitboard",
        inside: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        may_be_closed: bool = False,
    ) -> None:
        """Name a member; one that has a window may be closed by whoever looks at it, and stays so."""
        self.members[name] = Member(
            name,
            arguments,
            module=module,
            inside=inside,
            environment=environment or {},
            may_be_closed=may_be_closed,
        )

    async def start(self, name: str) -> None:
        """Start a member; if it ends by itself it is started again, and its exit counted."""
        member = self.members[name]
        member.is_wanted = True
        with (self._logs / f"{name}.log").open("ab") as log:
            member.process = await asyncio.create_subprocess_exec(
                *(*member.inside, sys.executable, "-m", member.module, *member.arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self._environment, **member.environment},
                process_group=0,  # Ctrl-C is for who ends them in order
            )
        member.watcher = self._watching.start(self._watch(member, member.process), name=f"watch {name}")

    async def kill(self, name: str) -> None:
        """End a member with SIGKILL and start it again as a supervisor would."""
        await self.cut_off(name)
        await asyncio.sleep(RESTART_S)
        await self.start(name)

    async def cut_off(self, name: str) -> None:
        """End a member with SIGKILL, and leave it so."""
        await self._end(self.members[name], signal.SIGKILL)

    async def stop(self, name: str) -> None:
        """Ask a member to end; SIGKILL after a bound."""
        await self._end(self.members[name], signal.SIGTERM)

    def send(self, name: str, number: signal.Signals) -> None:
        process = self.members[name].process
        if process is not None and process.returncode is None:
            process.send_signal(number)

    async def wait(self, name: str, timeout_s: float) -> None:
        """Wait for a member to end by itself; kill it after the timeout."""
        member = self.members[name]
        member.is_wanted = False
        if member.process is not None:
            try:
                await asyncio.wait_for(member.process.wait(), timeout_s)
            except TimeoutError:
                member.exits.append(-signal.SIGKILL)
                await self._end(member, signal.SIGKILL)

    def unexpected_exits(self) -> dict[str, list[int]]:
        return {name: member.exits for name, member in self.members.items() if member.exits}

    def closed(self) -> list[str]:
        """Return the members whose window somebody closed."""
        return [name for name, member in self.members.items() if member.is_closed]

    async def _end(self, member: Member, number: signal.Signals) -> None:
        member.is_wanted = False
        process = member.process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            try:
                await asyncio.wait_for(process.wait(), STOP_MAX_S)
            except TimeoutError:
                member.exits.append(-signal.SIGKILL)
                process.kill()
                await process.wait()
        if member.watcher is not None:
            await asyncio.wait([member.watcher])

    async def _watch(self, member: Member, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        if member.is_wanted and member.process is process and member.may_be_closed and status == 0:
            member.is_wanted, member.is_closed = False, True
            click.echo(f"The window of {member.name} was closed. Ctrl-C here ends the demo.", err=True)
        elif member.is_wanted and member.process is process:
            member.exits.append(status)
            click.echo(f"{member.name} ended with status {status}; see logs/{member.name}.log", err=True)
            await asyncio.sleep(RESTART_S)
            if member.is_wanted:
                await self.start(member.name)
