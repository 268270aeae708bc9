"""Does each mishap to the real processes, and undoes it when its time is over.

Whoever was frozen, unplugged or starved is whole again after `befall` returns; so when the last mishap is
over, all has healed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tests.chaos.cast import programs_of
from tests.chaos.chaos_venue import SMALL_DISK_NODE, ChaosVenue
from tests.chaos.crooked_proxy import set_mood
from tests.chaos.network import VenueNetwork
from tests.chaos.timetable import Mishap
from venue.demo.crew import Crew

BALLAST_BYTES = 64 * 1_024
REFUSED_STATUS = 1
STARTED_ON_FULL_DISK_S = 4.0
DETACH_MAX_S = 5.0
INJECTED = "pwrite64,fsync,fdatasync,ftruncate"

Say = Callable[[str], None]


class Troublemaker:
    """`excused` counts the exits of programs that were started while their disk was full."""

    def __init__(self, crew: Crew, venue: ChaosVenue, network: VenueNetwork, say: Say) -> None:
        self._crew = crew
        self._venue = venue
        self._network = network
        self._say = say
        self.excused = 0

    async def befall(self, mishap: Mishap) -> None:
        """Let the mishap happen; return when it is over."""
        self._say(
            f"{mishap.at_s:6.1f} s  {mishap.kind} {mishap.victim} {mishap.lasts_s:.1f} s {mishap.detail}"
        )
        match mishap.kind:
            case "kill":
                await self._crew.kill(mishap.victim)
            case "freeze":
                await self._freeze(mishap.victim, mishap.lasts_s)
            case "power-off":
                await self._power_off(mishap.victim, mishap.lasts_s)
            case "cable":
                await self._network.pull(mishap.victim)
                await asyncio.sleep(mishap.lasts_s)
                await self._network.plug(mishap.victim)
            case "proxy":
                await set_mood(self._venue.proxy_control, mishap.detail)
                await asyncio.sleep(mishap.lasts_s)
                await set_mood(self._venue.proxy_control, "honest")
            case "disk-full":
                async with self._excused_exits():
                    await self._fill_disk(mishap.lasts_s)
            case "disk-error":
                await self._inject_errors(mishap.victim, mishap.lasts_s)
            case "clock":
                self._venue.clock_file(mishap.victim).write_text(f"{mishap.detail}\n")
            case _:
                raise AssertionError(mishap.kind)

    async def _freeze(self, member: str, lasts_s: float) -> None:
        self._crew.send(member, signal.SIGSTOP)
        await asyncio.sleep(lasts_s)
        self._crew.send(member, signal.SIGCONT)

    async def _power_off(self, node: str, lasts_s: float) -> None:
        """Kill all programs of a machine at once; a cut of its files' unsynced part is tested elsewhere."""
        members = programs_of(node)
        await asyncio.gather(*(self._crew.cut_off(member) for member in members))
        await asyncio.sleep(lasts_s)
        for member in members:
            await self._crew.start(member)

    async def _fill_disk(self, lasts_s: float) -> None:
        ballast = self._venue.data(SMALL_DISK_NODE) / "ballast"
        await asyncio.to_thread(_fill, ballast)
        await asyncio.sleep(lasts_s)
        ballast.unlink()

    @contextlib.asynccontextmanager
    async def _excused_exits(self) -> AsyncIterator[None]:
        """Excuse a program that was started on a full disk: it says so and ends, and is started again."""
        members = [self._crew.members[name] for name in programs_of(SMALL_DISK_NODE)]
        before = [len(member.exits) for member in members]
        yield
        await asyncio.sleep(STARTED_ON_FULL_DISK_S)
        for member, count in zip(members, before, strict=True):
            while len(member.exits) > count and member.exits[-1] == REFUSED_STATUS:
                member.exits.pop()
                self.excused += 1

    async def _inject_errors(self, member: str, lasts_s: float) -> None:
        """Let every third write and sync of a running program fail with EIO, in all its threads."""
        process = self._crew.members[member].process
        assert process is not None
        tracer = await asyncio.create_subprocess_exec(
            *("strace", "-f", "-q", "-q", "-o", os.devnull, "-p", str(process.pid)),
            *(
                "-e",
                f"trace={INJECTED}",
                "-e",
                f"inject={INJECTED}:error={errno.errorcode[errno.EIO]}:when=2+3",
            ),
            stderr=asyncio.subprocess.DEVNULL,
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tracer.wait(), lasts_s)
        if tracer.returncode is not None:
            self._say(f"strace ended by itself with status {tracer.returncode}")
            return
        tracer.terminate()  # it lets go of the program and ends
        await asyncio.wait_for(tracer.wait(), DETACH_MAX_S)


def _fill(ballast: Path) -> None:
    """Write until nothing more fits."""
    with ballast.open("wb", buffering=0) as file:
        piece = bytes(BALLAST_BYTES)
        while piece:
            try:
                file.write(piece)
            except OSError:
                piece = piece[: len(piece) // 2]
