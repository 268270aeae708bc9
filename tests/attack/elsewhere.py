"""`python -m tests.attack.elsewhere ATTACK PORT COUNT`: strangers in a process of their own, as in truth.

Beside the door in one process, their handshakes take more of its time than the door itself does."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import sys
from collections.abc import AsyncIterator

from tests.attack.strangers import ATTACKS, Attack, Target, besieged

UNDER_WAY_COUNT = 50
LOOK_EVERY_S = 0.02
BEGUN_MAX_S = 60.0


@contextlib.asynccontextmanager
async def besieged_from_elsewhere(
    attack: Attack, target: Target, *, count: int, begun_after_count: int = UNDER_WAY_COUNT
) -> AsyncIterator[None]:
    """Let `count` strangers carry out the attack, from so many tries on until the context ends.

    `target` then says how often they did.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.attack.elsewhere", attack.__name__, str(target.port)),
        *(str(count), str(begun_after_count), *target.sources),
        *(() if target.is_tls else ("--plain",)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(BEGUN_MAX_S):
            assert await process.stdout.readline() == b"under way\n"
        yield
    finally:
        process.stdin.close()
        said = await process.stdout.read()
        await process.wait()
        target.tries[attack.__name__] = int(said.split()[-1])


async def _carry_out(attack: Attack, target: Target, count: int, begun_after_count: int) -> None:
    ended = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))  # whoever began it is gone
    async with besieged(attack, target, count=count):
        while sum(target.tries.values()) < begun_after_count:
            await asyncio.sleep(LOOK_EVERY_S)
        _say("under way")
        await ended
    _say(str(sum(target.tries.values())))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.attack.elsewhere", description=__doc__)
    parser.add_argument("attack", choices=ATTACKS)
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("begun_after_count", type=int)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Target(arguments.port, is_tls=not arguments.plain, sources=tuple(arguments.sources))
    asyncio.run(_carry_out(ATTACKS[arguments.attack], target, arguments.count, arguments.begun_after_count))


if __name__ == "__main__":
    main()
