"""`python -m tests.attack.besiege`: one attack on one port until ended; a process of `make attack`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.attack.strangers import ATTACKS, Target, besieged

TOLD_EVERY_S = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.attack.besiege", description=__doc__)
    parser.add_argument("attack", choices=sorted(ATTACKS))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--plain", action="store_true", help="the door speaks no TLS")
    parser.add_argument("--count", type=int, default=50, help="how many strangers do it at once")
    parser.add_argument("--tries", type=Path, required=True, help="where to write how often they did")
    arguments = parser.parse_args()
    asyncio.run(besiege(arguments))


async def besiege(arguments: argparse.Namespace) -> None:
    target = Target(arguments.port, is_tls=not arguments.plain)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with besieged(ATTACKS[arguments.attack], target, count=arguments.count):
        while not stop.is_set():
            arguments.tries.write_text(json.dumps(sum(target.tries.values())))
            await asyncio.sleep(TOLD_EVERY_S)


if __name__ == "__main__":
    main()
