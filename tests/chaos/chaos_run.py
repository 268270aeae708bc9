"""One run from start to verdict: open the venue, let the mishaps happen, heal, wait, judge."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.cast import WALL_CLOCK_LIBRARIES, cast, open_venue
from tests.chaos.chaos_venue import DISPLAYS, SMALL_DISK_NODE, TRACKS, ChaosVenue
from tests.chaos.network import VenueNetwork
from tests.chaos.own_world import small_disk
from tests.chaos.timetable import KINDS, Mishap, draw_timetable
from tests.chaos.troublemaker import Say, Troublemaker
from tests.chaos.verdict import are_equal, judge, proves_something
from venue.demo.crew import Crew

SMALL_DISK_MB = 48
OFFICIAL_MAX_S = 45.0
SETTLE_MAX_S = 60.0
HEALED_RACE_MAX_S = 90.0
"""Within it a healed venue times a lap and decides a run on each track, whatever befell it before."""
POLL_S = 1.0
QUIET_S = 2.0
SCREENLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for."""

    seconds: float
    seed: int
    folder: Path


async def run_chaos(order: Order, say: Say) -> dict[str, Any]:
    """Return the summary of one run; the programs are all gone when it returns."""
    left_out = _left_out()
    timetable = draw_timetable(order.seed, order.seconds, KINDS.keys() - left_out.keys())
    network = VenueNetwork()
    await network.build()
    venue = ChaosVenue(order.folder, Path("/run"))
    with small_disk(venue.data(SMALL_DISK_NODE), SMALL_DISK_MB):
        venue.set_up()
        verdict = await _race(order, venue, network, timetable, say)
    return {
        "seconds": order.seconds,
        "seed": order.seed,
        "mishaps": dict(sorted(Counter(mishap.kind for mishap in timetable).items())),
        "left_out": left_out,
        **verdict,
    }


async def _race(
    order: Order, venue: ChaosVenue, network: VenueNetwork, timetable: list[Mishap], say: Say
) -> dict[str, Any]:
    """Open the venue, race through all mishaps, heal, stop everything; return what came of it."""
    async with Crew.assembled(order.folder, SCREENLESS) as crew:
        cast(crew, venue, order.seed)
        say("opening the venue")
        await open_venue(crew, venue)
        trouble = Troublemaker(crew, venue, network, say)
        await _play(timetable, trouble, order.seconds)
        say("all has healed; each track must have raced")
        await _race_on(venue)
        say("the officials end their runs")
        settled_s = await _close(crew, venue)
        say("judging")
        return {
            "excused_exits": trouble.excused,
            "settled_s": settled_s,
            **judge(venue, crew),
        }


async def _play(timetable: list[Mishap], trouble: Troublemaker, seconds: float) -> None:
    """Let each mishap begin on time; return after `seconds`, when the last one is over."""
    loop = asyncio.get_running_loop()
    opened_s = loop.time()
    async with asyncio.TaskGroup() as tasks:
        for mishap in timetable:
            await asyncio.sleep(max(0.0, opened_s + mishap.at_s - loop.time()))
            tasks.create_task(trouble.befall(mishap), name=f"{mishap.kind} {mishap.victim}")
        await asyncio.sleep(max(0.0, opened_s + seconds - loop.time()))


async def _race_on(venue: ChaosVenue) -> None:
    """Let the officials go on until each track has a decided run with a lap, bounded; the verdict tells."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEALED_RACE_MAX_S):
            for track in TRACKS:
                while not await asyncio.to_thread(proves_something, venue, track):
                    await asyncio.sleep(POLL_S)


async def _close(crew: Crew, venue: ChaosVenue) -> float | None:
    """End the race and stop everything, writers last; return how long the replicas took, None: too long."""
    for track in TRACKS:
        crew.send(f"official-{track}", signal.SIGTERM)
    await asyncio.gather(*(crew.wait(f"official-{track}", OFFICIAL_MAX_S) for track in TRACKS))
    await asyncio.gather(*(crew.stop(f"cars-{track}") for track in TRACKS))
    settled_s = await _settle(venue)
    await asyncio.sleep(QUIET_S)  # for the displays to draw the last of it
    await asyncio.gather(*(crew.stop(display) for display in DISPLAYS))
    for program in ("touch", "bridge", "sync"):
        await asyncio.gather(*(crew.stop(f"{program}-{track}") for track in TRACKS))
    await crew.stop("central")
    await asyncio.gather(*(crew.stop(f"trackside-{track}") for track in TRACKS))
    await crew.cut_off("proxy")
    return settled_s


async def _settle(venue: ChaosVenue) -> float | None:
    """Wait until all replicas hold the same records, bounded."""
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_MAX_S):
            while not await asyncio.to_thread(are_equal, venue):
                await asyncio.sleep(POLL_S)
            return round(loop.time() - started_s, 1)
    return None


def _left_out() -> dict[str, str]:
    """Return the kinds of mishap that this machine cannot do, and why."""
    left_out = {}
    if not WALL_CLOCK_LIBRARIES:
        left_out["clock"] = "libfaketime is not installed"
    if shutil.which("strace") is None:
        left_out["disk-error"] = "strace is not installed"
    return left_out
