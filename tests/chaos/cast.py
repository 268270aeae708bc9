"""Who plays: every program of the venue, on which machine, and with which clock."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.chaos.chaos_venue import DISPLAYS, INGEST_PORT, TRACKS, ChaosVenue
from tests.chaos.network import CENTRAL, NODES, inside
from venue.demo.crew import Crew

READY_MAX_S = 60.0
POLL_S = 0.1
UNIT_PROGRAMS = ("trackside", "bridge", "sync", "touch")
WALL_CLOCK_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

Programs = dict[str, tuple[str, ...]]


def programs_of(node: str) -> tuple[str, ...]:
    """Return the members that run on a node, those that others need first."""
    if node.startswith("unit-"):
        return tuple(f"{program}-{node[-1]}" for program in UNIT_PROGRAMS)
    return () if node == "gateway" else (node,)


def node_of(member: str) -> str:
    """Return the node on which a program runs."""
    return member if member in (*DISPLAYS, "central") else f"unit-{member[-1]}"


def cast(crew: Crew, venue: ChaosVenue, seed: int) -> None:
    """Name every member and how it is started."""
    for node in ("central", "unit-a", "unit-b", *DISPLAYS):
        for member in programs_of(node):
            program = "display" if node in DISPLAYS else member.removesuffix(f"-{node[-1]}")
            crew.add(
                member,
                *(program, "--config", str(venue.config(node, program))),
                inside=inside(node),
                environment=_wall_clock(venue, node),
            )
    for index, track in enumerate(TRACKS):
        own_seed = str(2 * seed + index)
        crew.add(
            f"cars-{track}",
            *("simulated-cars", "--link", str(venue.beam_link(track)), "--seed", own_seed),
            *("--log", str(venue.log(f"truth-{track}"))),
        )
        crew.add(
            f"official-{track}",
            *("scripted-official", "--control", str(venue.touch_control(track)), "--seed", own_seed),
            *("--log", str(venue.log(f"official-{track}")), "--until-signal"),
        )
    crew.add(
        "proxy",
        *("--host", NODES["gateway"], "--to-host", CENTRAL, "--port", str(INGEST_PORT)),
        *("--seed", str(seed), "--control", str(venue.proxy_control)),
        module="tests.chaos.crooked_proxy",
        inside=inside("gateway"),
    )


async def open_venue(crew: Crew, venue: ChaosVenue) -> None:
    """Start everybody and return when each program answers, the officials at last."""
    for member in crew.members:
        if not member.startswith("official"):
            await crew.start(member)
    signs = [venue.admin_socket, venue.proxy_control]
    signs += [venue.touch_control(track) for track in TRACKS]
    signs += [venue.log(f"frames-{display}") for display in DISPLAYS]
    async with asyncio.timeout(READY_MAX_S):
        while not all(sign.exists() for sign in signs):
            await asyncio.sleep(POLL_S)
    for track in TRACKS:
        await crew.start(f"official-{track}")


def _wall_clock(venue: ChaosVenue, node: str) -> dict[str, str]:
    """Return what shifts a program's wall clock as its node's file says, and no other clock."""
    if not WALL_CLOCK_LIBRARIES:
        return {}
    return {
        "LD_PRELOAD": str(WALL_CLOCK_LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(venue.clock_file(node)),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
        "NO_FAKE_STAT": "1",
    }
