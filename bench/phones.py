"""How old is what a crowd shows? `python -m bench.phones [--phones N] [--seconds N] [--stream | --crowd]`.

Central keeps its board as files, the shipped nginx configuration serves them over TLS, and phones of
several addresses of this machine ask each one to two seconds, or follow the stream with `--stream`.
Meanwhile four tracks are raced: the age of a change is from when its record reached central to when a
phone has it. All of it shares this machine, and `load` says with what else. Prints JSON."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import re
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec

from bench.measure import percentile, report
from bench.phone_crowd import warm_s
from bench.public_reads import processor_ns
from pitboard.clock import SystemClock
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.trust.certificate import Certificate
from sync.central.central_server import Central, open_central
from sync.central.config import PublicConfig
from sync.central.public.live_board import LiveBoards
from sync.central.public.public_app import SPARE_CONNECTIONS_COUNT
from tests.nginx_server import running_nginx, shipped
from tests.race_story import UNIT_A, Teller, armed, finished, passing
from tests.sync.central.central_stage import TrackStory, central_config

CROWD_MAX_COUNT = 14_000
"""Phones of one process, for one process may open so many files here."""
WORKER_MAX_COUNT = 14_000
"""Connections of one of nginx's: a phone that follows the stream is one to it and one to central."""
CHANGE_EVERY_S = 0.5
"""Four tracks with laps of 13 s make a record each 2.3 s; this is more than four times as much."""
COMPLAINT = re.compile(r"\[(?:warn|error|crit|alert|emerg)\] [^:]+: (?:\*\d+ )?(.*?)(?: while |, client: |$)")
ENTRIES_COUNT = 300
TRACKS = ("1", "2", "3", "4")


def shipped_with_tls(folder: Path, port: int, public_port: int, push: Path | None) -> str:
    """Return nginx's config as the project ships it, with a certificate of its own."""
    certificate = Certificate.load_or_create(folder / "tls.pem")
    return shipped(
        listen=f"127.0.0.1:{port} ssl reuseport backlog=4096",
        files=folder / "files",
        public_port=public_port,
        push=push,
    ).replace(
        "server_tokens off;",
        "server_tokens off;"
        f" ssl_certificate {certificate.path}; ssl_certificate_key {certificate.path};"
        " ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_buffer_size 2k;",
    )


async def measure(
    phones: int, seconds: float, every_s: float, *, way: str, folder: Path
) -> dict[str, object]:
    is_stream, is_crowd = way != "polling", way == "crowd"
    told = folder / "told"
    told.touch()
    public = PublicConfig(
        port=0,
        files=folder / "files",
        push=folder / "push.sock" if is_crowd else None,
        followers_max_count=phones,
        calls_per_s=100_000,
    )
    config = msgspec.structs.replace(central_config(folder), public=public)
    async with open_central(config, SystemClock()) as central:
        await central.replica.accept(story().news())
        port = free_port()
        served = shipped_with_tls(folder, port, central.public_port, public.push)
        workers = -(-phones * (2 if way == "stream" else 1) // WORKER_MAX_COUNT)
        with running_nginx(folder, served, workers=workers, connections=19_000) as master:
            async with asyncio.TaskGroup() as tasks:
                racing = tasks.create_task(race(central, told, every_s))
                crowds, joined_s = await joined_crowds(phones, port, seconds, told, is_stream=is_stream)
                await asyncio.sleep(warm_s(phones))
                nginx_ns, central_s = sum(map(processor_ns, workers_of(master))), time.process_time()
                load, held = [], held_bytes([os.getpid(), *workers_of(master)])
                for _ in range(round(seconds)):
                    await asyncio.sleep(1)
                    load.append(os.getloadavg()[0])
                nginx_s = (sum(map(processor_ns, workers_of(master))) - nginx_ns) / 1e9
                central_s = time.process_time() - central_s
                found = [json.loads((await crowd.communicate())[0]) for crowd in crowds]
                racing.cancel()
        complaints = complaints_in((folder / "error.log").read_text())
    return told_of(found, seconds) | {
        "asked_for": phones,
        "way": way,
        "change_every_s": every_s,
        "memory_mib": {"central": held[0] >> 20, "nginx": sum(held[1:]) >> 20},
        "seconds": seconds,
        "joined_in_s": round(joined_s, 1),
        "cores": {
            "nginx": round(nginx_s / seconds, 3),
            "central": round(central_s / seconds, 3),
            "phones": round(sum(one["processor_s"] for one in found) / seconds, 3),
        },
        "nginx_complains": complaints,
        "load": {"mean": round(sum(load) / len(load), 1), "max": max(load), "cores": os.cpu_count()},
    }


def told_of(found: list[dict[str, list[float]]], seconds: float) -> dict[str, object]:
    def all_of(what: str) -> list[float]:
        return [value for one in found for value in one[what]]

    def sum_of(what: str) -> int:
        return sum(int(one[what]) for one in found)  # type: ignore[call-overload]

    delays, phones = all_of("delays"), sum_of("phones")
    return {
        "phones": phones,
        "lost": sum_of("lost"),
        "refusals": [one["refusals"] for one in found],
        "age_s": {
            "p50": round(percentile(delays, 50), 3),
            "p99": round(percentile(delays, 99), 3),
            "max": round(max(float(one["max_delay"]) for one in found), 3),  # type: ignore[arg-type]
        },
        "changes_shown": sum_of("changes_shown"),
        "without_a_board": sum_of("without_a_board"),
        "wholes": sum_of("wholes"),
        "change_bytes": {
            "p50": percentile(all_of("change_bytes"), 50),
            "p99": percentile(all_of("change_bytes"), 99),
        },
        "bytes_a_phone_and_second": round(sum_of("got_bytes") / max(1, phones) / seconds, 1),
        "answer_ms": {
            "p50": round(percentile(all_of("answer_ms"), 50), 2),
            "p99": round(percentile(all_of("answer_ms"), 99), 2),
        }
        if all_of("answer_ms")
        else None,
    }


def complaints_in(log: str) -> dict[str, int]:
    """Return what nginx wrote into its log of errors and how often, without numbers and addresses."""
    said = (COMPLAINT.search(line) for line in log.splitlines())
    return dict(Counter(re.sub(r"\*?\d+", "N", one[1]) for one in said if one is not None).most_common(9))


def story() -> TrackStory:
    track = TrackStory()
    for number in range(ENTRIES_COUNT):
        track.drives(competitor(number), f"Competitor Number {number}", 12.5 + number / 50)
    return track


def competitor(number: int) -> str:
    return f"{number:032x}"


async def race(central: Central, told: Path, every_s: float) -> None:
    """Race on four tracks, one record each so many seconds, and write down which board each of them made."""
    boards, unit, shown = LiveBoards(central.replica.fold), Teller(UNIT_A, "Track A"), ""
    with told.open("a") as lines:
        for body in a_race(Random(1)):
            unit.say(body)
            fresh, unit.records = unit.records, []
            made_at = time.monotonic()
            await central.replica.accept(fresh)
            if (tag := boards.newest().tag) != shown:  # of some records nothing is seen
                lines.write(f"{tag} {made_at}\n")
                lines.flush()
                shown = tag
            await asyncio.sleep(every_s)


def held_bytes(processes: list[int]) -> list[int]:
    """Return the memory that each of the processes has for itself."""
    held = (re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{one}/status").read_text()) for one in processes)
    return [0 if one is None else int(one[1]) * 1_024 for one in held]


def a_race(random: Random) -> Iterator[Body]:
    """Yield for ever what a unit says: on each of the tracks one run after the other, of a few laps."""
    tracks = [a_track(random, track, number) for number, track in enumerate(TRACKS)]
    while True:
        yield next(random.choice(tracks))


def a_track(random: Random, track: str, first: int) -> Iterator[Body]:
    at_s, seq = 1_000.0, 1_000_000 * first
    for number in itertools.count():
        run = f"{track}-{number:030x}"
        yield armed(run, competitor(random.randrange(ENTRIES_COUNT)), s=at_s, track=track, run_ms=600_000)
        for _ in range(random.randint(3, 8)):
            at_s += random.uniform(11.5, 14)
            seq += 1
            yield passing(seq, s=at_s, track=track, sensor_boot=track)
        yield finished(run, s=at_s + 0.5)
        yield RunDecided(run_id=run, decision="confirmed")
        at_s += 10


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pitboard-phones-", dir="/dev/shm"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def workers_of(master: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


async def joined_crowds(
    phones: int, port: int, seconds: float, told: Path, *, is_stream: bool
) -> tuple[list[asyncio.subprocess.Process], float]:
    """Return as many crowds as it takes, once all their phones are there and told to go on, and the seconds
    that this took."""
    crowds_count = -(-phones // CROWD_MAX_COUNT)
    counts = [phones // crowds_count + (one < phones % crowds_count) for one in range(crowds_count)]
    crowds = [
        await a_crowd(count, phones, port, seconds, told, seed, is_stream=is_stream)
        for seed, count in enumerate(counts, start=1)
    ]
    started = time.monotonic()
    for crowd in crowds:
        assert crowd.stdout is not None
        assert await crowd.stdout.readline() == b"ready\n", "a crowd could not join"
    joined_s = time.monotonic() - started
    for crowd in crowds:
        assert crowd.stdin is not None
        crowd.stdin.write(b"go\n")
    return crowds, joined_s


async def a_crowd(
    count: int, all_phones: int, port: int, seconds: float, told: Path, seed: int, *, is_stream: bool
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.phone_crowd",
        *(
            "--phones",
            str(count),
            "--all-phones",
            str(all_phones),
            "--port",
            str(port),
            "--seconds",
            str(seconds),
        ),
        *("--told", str(told), "--seed", str(seed), *(["--stream"] if is_stream else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**27,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--change-every", type=float, default=CHANGE_EVERY_S, metavar="SECONDS")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--stream", action="store_true", help="followers of central's own stream")
    ways.add_argument("--crowd", action="store_true", help="followers of nginx, which central tells")
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = hard - SPARE_CONNECTIONS_COUNT
    if given.stream and given.phones > most:
        parser.error(f"one central holds {most} followers here: a process may open {hard} files")
    with a_folder() as folder:
        way = "crowd" if given.crowd else "stream" if given.stream else "polling"
        found = asyncio.run(measure(given.phones, given.seconds, given.change_every, way=way, folder=folder))
        report("phones", found)


if __name__ == "__main__":
    main()
