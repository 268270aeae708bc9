"""`python -m tests.attack.besiege JOBS`: attacks, a process each, until ended; part of `make attack`.

JOBS is a file that lists them. What all need is read in once, then each stranger's process is forked off."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
from pathlib import Path

import msgspec

from tests.attack.mdns_strangers import announce_for_ever, tell
from tests.attack.strangers import ATTACKS, Target, besieged

TOLD_EVERY_S = 1.0
SESSION_NICE = 5
"""A third of what a session has else: less, and on a machine with other work they would never begin."""


class AtADoor(msgspec.Struct, tag="door"):
    """`count` strangers do this at once, at this port; `tries` names the file that says how often."""

    attack: str
    port: int
    tries: str
    is_plain: bool = False
    count: int = 50


class ByMdns(msgspec.Struct, tag="mdns"):
    """One announces this, to hide the unit with this key from the event."""

    attack: str
    event: str
    unit: str
    tries: str


Job = AtADoor | ByMdns


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.attack.besiege", description=__doc__)
    parser.add_argument("jobs", type=Path)
    jobs = msgspec.json.decode(parser.parse_args().jobs.read_bytes(), type=list[Job])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    behind = os.fork()  # who was begun as the leader of a group cannot leave its session
    if behind:
        signal.sigwait({signal.SIGTERM})
        os.kill(behind, signal.SIGTERM)
        os.waitpid(behind, 0)
        return
    stand_behind()
    children = [child for job in jobs if (child := _forked(job))]
    signal.sigwait({signal.SIGTERM})
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def stand_behind() -> None:
    """Take a small share of the processor, for machines elsewhere take nothing of ours.

    Nice alone holds within a session only, where the kernel shares time between sessions first; and whoever
    has more than the kernel's own threads holds up every fsync.
    """
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    os.setsid()
    with contextlib.suppress(OSError):  # a kernel without it
        Path("/proc/self/autogroup").write_text(str(SESSION_NICE))


def _forked(job: Job) -> int:
    """Return the child's id; in the child, carry out the job and never return."""
    child = os.fork()
    if child:
        return child
    try:
        asyncio.run(_carry_out(job))
    finally:
        os._exit(1)


async def _carry_out(job: Job) -> None:
    if isinstance(job, ByMdns):
        await announce_for_ever(job.attack, event=job.event, unit=job.unit, tries=job.tries)
        return
    target = Target(job.port, is_tls=not job.is_plain)
    async with besieged(ATTACKS[job.attack], target, count=job.count):
        while True:
            tell(job.tries, sum(target.tries.values()))
            await asyncio.sleep(TOLD_EVERY_S)


if __name__ == "__main__":
    main()
