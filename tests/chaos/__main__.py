"""Chaos on the real processes: `python -m tests.chaos --seconds 600 --seed 1`; docs/chaos.md explains it.

Prints the summary as one JSON object; exit status 0 means clean, 1 that something was violated, 2 that the
run could not be made."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos import own_world
from tests.chaos.chaos_run import Order, run_chaos

NEEDED = ("unshare", "mount", "ip")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long mishaps happen; at least 30")
    parser.add_argument("--seed", type=int, default=1, help="draws cars, officials and mishaps")
    parser.add_argument("--out", type=Path, help="an empty folder to keep logs and journals in")
    arguments = parser.parse_args()
    if arguments.seconds < 30:
        parser.error("--seconds: fewer than 30 leave no time for each mishap once")
    if arguments.out is not None and arguments.out.exists() and any(arguments.out.iterdir()):
        parser.error(f"--out: {arguments.out} holds other things; name an empty folder")
    for tool in NEEDED:
        if shutil.which(tool) is None:
            parser.error(f"the command '{tool}' is missing; try: make system-packages")
    if not own_world.is_inside():
        own_world.enter()
    own_world.furnish()
    if arguments.out is not None:
        sys.exit(_run(arguments.out.resolve(), arguments))
    with tempfile.TemporaryDirectory(prefix="pitboard-chaos-") as folder:
        sys.exit(_run(Path(folder), arguments))


def _run(folder: Path, arguments: argparse.Namespace) -> int:
    order = Order(seconds=arguments.seconds, seed=arguments.seed, folder=folder)
    try:
        summary = asyncio.run(run_chaos(order, _say))
    except (OSError, TimeoutError) as error:
        _say(f"the run could not be made: {error!r}; logs are in --out")
        return 2
    text = json.dumps(summary, indent=2, ensure_ascii=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    print(text)  # noqa: T201 - the summary is this program's answer
    return 1 if summary["violations"] else 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
