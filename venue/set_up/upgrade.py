"""Another version of the programs, and back to the one before when it does not serve.

Versions lie side by side in folders of their own; which one is in use is a link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from pitboard.clock import Clock
from pitboard.errors import Refusal
from pitboard.program.program import progress
from pitboard.program.service import LAST_WORDS_SUFFIX, last_words_in
from venue.set_up.installation import PROGRAM, RUN, TARGET, UNDECIDED, VERSIONS, is_healthy
from venue.set_up.machine import Machine, Owned

Pause = Callable[[float], Awaitable[None]]

HEALTHY_WITHIN_S = 60
FIRST_START_WITHIN_S = 300
"""Nothing is gone back to after an install, so a slow card may take its time."""
OPENING_MAX_S = 900
"""For a program that reads a great journal the minute begins when it has read it."""
STEADY_FOR_S = 10
LOOK_EVERY_S = 1.0
HOW_TO_SEE = "systemctl status 'pitboard-*' says why of each"
_NS_PER_S = 1_000_000_000


def new_version_folder(there: Sequence[str]) -> Path:
    """Return the folder of the next version: the versions are numbered as they come."""
    numbers = [int(name) for name in there if name.isdecimal()]
    return VERSIONS / str(max(numbers, default=0) + 1)


def make_environment(machine: Machine, folder: Path, *, python: str, wheels: Path) -> None:
    """Make a virtual environment with the wheels of the folder and no other source.

    Raises Refusal with the reason; what was begun is taken away again.
    """
    pip = (
        str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-index",
        "--disable-pip-version-check", "--find-links", str(wheels), "pitboard[gpio,central]",
    )  # fmt: skip
    try:
        machine.run(python, "-m", "venv", "--clear", str(folder))
        with progress("Installing", shown_from_count=1) as bar, ThreadPoolExecutor(max_workers=1) as beside:
            bar.begin(len({path.name.partition("-")[0] for path in wheels.glob("*.whl")}))
            seen_count = _packages_count(machine, folder)
            running = beside.submit(machine.run, *pip)
            is_done = False
            while not is_done:
                is_done = bool(wait([running], timeout=LOOK_EVERY_S).done)
                bar.advance((count := _packages_count(machine, folder)) - seen_count)
                seen_count = count
            running.result()
    except Refusal:
        machine.remove(folder)
        raise


def _packages_count(machine: Machine, folder: Path) -> int:
    """Return how many packages a virtual environment has by now."""
    libraries = folder / "lib"
    return sum(
        name.endswith(".dist-info")
        for python in machine.names(libraries)
        for name in machine.names(libraries / python / "site-packages")
    )


async def switch_to(
    machine: Machine,
    folder: Path,
    *,
    former: Path,
    services: Sequence[str],
    clock: Clock,
    say: Callable[[str], None],
    bring_version: Callable[[Path], None],
    pause: Pause = asyncio.sleep,
) -> None:
    """Use the version in `folder`; where its services do not serve within a minute, the former one again.

    `bring_version` writes the units and settings that a version's folder brings. Raises Refusal after going
    back, also where it was broken off by Ctrl-C. Where the power goes before, the next boot goes back.
    """
    machine.write(UNDECIDED, f"L+! {PROGRAM} - - - - {former}\n".encode(), Owned())
    say(f"{folder} runs; waiting until every program serves")
    why = "the new version did not serve within a minute"
    try:
        serves = await _use(machine, folder, services, clock, bring_version, pause)
    except asyncio.CancelledError:
        serves, why = False, "the upgrade was broken off"
    if serves:
        machine.remove(UNDECIDED)
        return
    is_back = await _use(machine, former, services, clock, bring_version, pause)
    machine.remove(UNDECIDED)
    state = "which serves again" if is_back else f"which does not serve either; {HOW_TO_SEE}"
    raise Refusal(f"{why}; this machine went back to {former}, {state}")


async def _use(
    machine: Machine,
    folder: Path,
    services: Sequence[str],
    clock: Clock,
    bring_version: Callable[[Path], None],
    pause: Pause,
) -> bool:
    machine.link(PROGRAM, folder)
    try:
        bring_version(folder)
    except Refusal:
        return False  # a version without its units is no version
    return await restart_and_see(machine, services, clock, pause)


async def restart_and_see(
    machine: Machine,
    services: Sequence[str],
    clock: Clock,
    pause: Pause = asyncio.sleep,
    within_s: int = HEALTHY_WITHIN_S,
) -> bool:
    """Start all anew; return whether the services became ready in time and stayed so."""
    machine.run("systemctl", "restart", TARGET)
    with progress("Seconds, at most", shown_from_count=1) as bar:
        bar.begin(within_s, is_at_most=True)

        async def pause_and_tell(seconds: float) -> None:
            await pause(seconds)
            bar.advance(int(seconds))

        return await _see(machine, services, clock, pause_and_tell, within_s)


async def _see(machine: Machine, services: Sequence[str], clock: Clock, pause: Pause, within_s: int) -> bool:
    began_mono_ns = clock.mono_ns()
    until_mono_ns = began_mono_ns + within_s * _NS_PER_S
    healthy_since_mono_ns: int | None = None
    while (now_mono_ns := clock.mono_ns()) < until_mono_ns:
        if _reads_journal(machine, services):
            latest_mono_ns = began_mono_ns + OPENING_MAX_S * _NS_PER_S
            until_mono_ns = max(until_mono_ns, min(now_mono_ns + within_s * _NS_PER_S, latest_mono_ns))
        if not is_healthy(machine, services):
            healthy_since_mono_ns = None
        elif healthy_since_mono_ns is None:
            healthy_since_mono_ns = now_mono_ns
        elif now_mono_ns - healthy_since_mono_ns >= STEADY_FOR_S * _NS_PER_S:
            return True
        await pause(LOOK_EVERY_S)
    return False


def _reads_journal(machine: Machine, services: Sequence[str]) -> bool:
    programs = [name.removeprefix("pitboard-").removesuffix(".service") for name in services]
    kept = [machine.read(RUN / f"{program}{LAST_WORDS_SUFFIX}") for program in programs]
    said = [last_words_in(one) for one in kept if one is not None]
    return any(one is not None and one.reads is not None for one in said)


def old_versions(there: Sequence[str], *, in_use: str, former: str) -> list[Path]:
    """Return the folders of versions that nobody goes back to any more."""
    kept = {in_use, former}
    return [VERSIONS / name for name in sorted(there) if name.isdecimal() and name not in kept]
