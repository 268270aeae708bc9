"""The display beside headless Chromium with an equivalent page: `python -m bench.display`.

Memory (PSS), the processor's time idle and at one update a second, from start to the first painted board,
from a record's commit at a unit to the frame that shows it, and what a frame costs while rows slide; then
five starts with a great journal. The display is found, and looks for others, by mDNS as in a venue. SDL
draws without a screen here, so putting the picture on glass is in none of the figures; Chromium is headless
too. Its page shows and moves what the display does, and has neither journal nor signatures to check."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import msgspec
import pygame

from bench.journal import ROOT, UNIT, passing, race_day
from bench.measure import percentile, report
from display.following.badge import Badge
from display.scene.leaderboard import lay_out_leaderboard
from display.scene.show import Canvas, Moment, Show
from display.scene.story import SLIDE_NS, Story
from display.scene.theme import load_theme
from display.screen.scene_painter import Painter
from pitboard.clock import SystemClock
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.drawing.typeface import Typeface
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.views.views import BoardView, EntryView, EventView
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace
from sync.exchanging.exchange_api import ExchangeApi

SIZE = (1920, 1080)
CPU_CLOCK = 2
"""Of a process, by the scheduler: nanoseconds, where the ticks of /proc are 10 ms."""
SETTLE_S = 6.0
IDLE_S = 30.0
"""As long as all pages take to come round."""
UPDATES = 30
STARTS = 5
START_SETTLE_S = 2.5
QUICK_UPDATES = 100
"""Further ones, for the delay alone."""
QUICK_S = 0.25
CHROMIUM = "/usr/bin/chromium"
PAGE = """<!doctype html><meta charset=utf-8><style>
body{background:#080b10;color:#fff;font:bold 40px sans-serif}#c{font-size:360px}
table{width:49%%;float:left}tr{height:60px}td{padding:0 20px;background:#161c25}</style>
<div id=c></div><table id=a></table><table id=b></table><script>
const rows=[];for(let i=0;i<%(rows)d;i++){const r=(i<11?a:b).insertRow();
for(let k=0;k<3;k++)r.insertCell();rows.push(r)}
function show(from){rows.forEach((r,i)=>{const n=i<3?i:from+i;
[n+1,`Driver ${n}`,(11+n/7).toFixed(3)].forEach((t,k)=>{r.cells[k].textContent=t})})}
show(0);let n=0;const began=performance.now();
if(location.hash){setInterval(()=>{c.textContent=((performance.now()-began)/1000).toFixed(1)},100);
setInterval(()=>{rows[++n%%4].cells[2].textContent=(11+n/9).toFixed(3)},1000)}
else setInterval(()=>show(20*(++n%%10)),2700)</script>"""
"""What the display shows meanwhile: at rest a board of 200 whose pages turn; during the updates a clock that
counts tenths, and a few rows of which one changes each second."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3_000)
    parser.add_argument("--start-records", type=int, default=100_000, help="of the starts; 0: no such start")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(display_figures(Path(folder), given.records))
        chromium = chromium_figures(Path(folder))
    starts: dict[str, object] = {}
    if given.start_records:
        with tempfile.TemporaryDirectory() as folder:
            starts = asyncio.run(start_figures(Path(folder), given.start_records))
    memory, cpu = figures["pss_mib"], figures["cpu_percent_at_one_update_a_second"]
    ratios = {}
    if chromium:
        ratios = {
            "pss_ratio": round(memory / chromium["pss_mib"], 3),
            "cpu_ratio_at_one_update_a_second": round(
                cpu / max(0.01, chromium["cpu_percent_at_one_update_a_second"]), 2
            ),
        }
    report(
        "display",
        {"records": given.records, **figures, **slide_ms(), "chromium": chromium, **ratios, **starts},
    )


async def _take_a_day(replica: Replica, records: int) -> None:
    day = race_day(records)
    for first in range(0, len(day), 1_000):
        await replica.accept(day[first : first + 1_000])


async def _updated(writing: WritingReplica, frames: Frames, pid: int) -> tuple[list[float], float]:
    """Return the ms from each passing to its frame, and the percent of a processor at one a second."""
    armed = RunArmed(
        run_id="bench",
        track="1",
        boot_id="bench",
        mono_ns=time.monotonic_ns(),
        places=(RunPlace(competitor_id="c1"),),
    )
    await writing.append(armed)
    delays, before_s, since = [], cpu_s(pid), time.monotonic()
    busy = 0.0
    for number in range(1, UPDATES + QUICK_UPDATES + 1):
        told = passing(10_000_000 + number, time.monotonic_ns())
        await writing.append(msgspec.structs.replace(told, boot_id="bench"))
        at_ns = time.monotonic_ns()
        delays.append((await frames.after(number) - at_ns) / 1e6)
        await asyncio.sleep(1.0 if number <= UPDATES else QUICK_S)
        if number == UPDATES:
            busy = 100 * (cpu_s(pid) - before_s) / (time.monotonic() - since)
    return delays, busy


async def display_figures(folder: Path, records: int) -> dict[str, float]:
    """Run a display on a journal of so many records, started twice, and follow a unit with it."""
    unit_journal = folder / "unit.db"
    async with Replica.open(unit_journal, root_key=ROOT.key, clock=SystemClock()) as replica:
        await _take_a_day(replica, records)
        writing = await replica.open_stream(UNIT, "Track A")
        app = new_app(DoorLimits())  # met as at a unit: else the door cuts every connection after 10 s
        ExchangeApi(writing, UNIT).add_to(app)
        async with serve_tcp(app, "127.0.0.1", 0) as port:
            config = _config(folder, port)
            process = await _start(config)
            frames = Frames(folder / "frames.jsonl")
            while frames.records() < records:  # noqa: ASYNC110 - another process writes the file
                await asyncio.sleep(0.5)
            await asyncio.sleep(SETTLE_S)  # the board is kept meanwhile
            process.terminate()
            await process.wait()
            (folder / "frames.jsonl").unlink()
            frames = Frames(folder / "frames.jsonl")
            started_ns = time.monotonic_ns()
            process = await _start(config)
            first_ms = (await frames.after(0) - started_ns) / 1e6
            first_cpu_ms = cpu_s(process.pid) * 1_000
            await asyncio.sleep(SETTLE_S + records / 20_000)
            pss = pss_mib(process.pid)
            idle = await cpu_percent(process.pid, IDLE_S)
            delays, busy = await _updated(writing, frames, process.pid)
            pss_late = pss_mib(process.pid)
            process.terminate()
            await process.wait()
    return {
        "pss_mib": round(pss, 1),
        "pss_after_updates_mib": round(pss_late, 1),
        "cpu_percent_idle": round(idle, 2),
        "cpu_percent_at_one_update_a_second": round(busy, 2),
        "start_to_first_board_ms": round(first_ms, 1),
        "start_to_first_board_cpu_ms": round(first_cpu_ms),
        "update_to_painted_p50_ms": round(percentile(delays, 50), 1),
        "update_to_painted_p99_ms": round(percentile(delays, 99), 1),
        "update_to_painted_max_ms": round(max(delays), 1),
    }


async def start_figures(folder: Path, records: int) -> dict[str, object]:
    """Return how long a display takes to its first board, by the clock, time and again; nobody answers it."""
    async with Replica.open(folder / "display.db", root_key=ROOT.key, clock=SystemClock()) as replica:
        await _take_a_day(replica, records)
    config, log, starts_ms = _config(folder, 1), folder / "frames.jsonl", []
    for _ in range(1 + STARTS):
        log.unlink(missing_ok=True)
        started_ns = time.monotonic_ns()
        process = await _start(config)
        starts_ms.append(round((await Frames(log).after(0) - started_ns) / 1e6))
        await asyncio.sleep(START_SETTLE_S)  # the board is kept meanwhile, as it is all day
        process.terminate()
        await process.wait()
    return {
        "start_records": records,
        "start_ms_without_a_kept_board": starts_ms[0],
        "start_ms": starts_ms[1:],
    }


def chromium_figures(folder: Path) -> dict[str, float]:
    """Return what headless Chromium takes for the same; nothing where there is none."""
    if not Path(CHROMIUM).exists():
        return {}
    page = folder / "page.html"
    figures = {}
    for hash_, name in (("", "cpu_percent_idle"), ("#1", "cpu_percent_at_one_update_a_second")):
        page.write_text(PAGE % {"rows": 4 if hash_ else 23})
        process = subprocess.Popen(
            [
                *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"),
                *(
                    f"--user-data-dir={folder / 'profile'}",
                    "--window-size=1920,1080",
                    f"file://{page}{hash_}",
                ),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(SETTLE_S)
        figures["pss_mib"] = round(pss_mib(process.pid), 1)
        figures[name] = round(asyncio.run(cpu_percent(process.pid, IDLE_S)), 2)
        process.terminate()
        process.wait()
    return figures


def slide_ms() -> dict[str, float]:
    """Return what a frame costs while a new result slides up a full page at 1080p."""
    theme = load_theme("dark-hall")
    painter = Painter(Typeface.load(preferred=theme.fonts), theme)
    entries = [
        EntryView(
            rank=n + 1,
            competitor_id=f"c{n}",
            name=f"Driver {n}",
            best_ns=(11_000 + n * 7) * 1_000_000,
            gap_ns=n * 7_000_000,
            laps=5,
            runs=1,
            set_utc_ms=0,
        )
        for n in range(60)
    ]
    view = BoardView(event=EventView("Bench", 1_000_000), entries=entries, on_track=[], newest="c0")
    former = {f"c{n}": n - 1 if n else 59 for n in range(60)}
    story = Story(newest="c0", at_mono_ns=0, former=former)
    show = Show(board=view, badge=Badge(is_live=True, headline="Live"), story=story)
    canvas, surface = Canvas(size=SIZE, digit_permille=painter.digit_permille), pygame.Surface(SIZE)
    costs = []
    for frame in range(54):
        since = time.perf_counter()
        painter.paint(lay_out_leaderboard(show, Moment(frame * SLIDE_NS // 54), canvas).scene, surface)
        costs.append((time.perf_counter() - since) * 1_000)
    moving = costs[1:]  # the first draws every letter for the first time
    return {
        "frame_moving_p50_ms": round(percentile(moving, 50), 2),
        "frame_moving_p99_ms": round(percentile(moving, 99), 2),
        "frame_first_ms": round(costs[0], 2),
    }


def family(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(after[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def pss_mib(pid: int) -> float:
    total = 0
    for one in family(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1_024


def cpu_s(pid: int) -> float:
    return sum(time.clock_gettime(~one << 3 | CPU_CLOCK) for one in family(pid))


async def cpu_percent(pid: int, within_s: float) -> float:
    before = cpu_s(pid)
    await asyncio.sleep(within_s)
    return 100 * (cpu_s(pid) - before) / within_s


def _config(folder: Path, port: int) -> Path:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        status_port = listener.getsockname()[1]
    path = folder / "display.toml"
    path.write_text(
        f'name = "Bench"\nevent_key = "{ROOT.key}"\njournal = "display.db"\n'
        'mdns = true\nmdns_interfaces = ["127.0.0.1"]\n'
        f'units = ["http://127.0.0.1:{port}"]\nsize = {list(SIZE)}\nstatus_tls = false\n'
        f'status_host = "127.0.0.1"\nstatus_port = {status_port}\nframe_log = "frames.jsonl"\n'
    )
    return path


async def _start(config: Path) -> asyncio.subprocess.Process:
    """Start a display with its modules compiled, as they are where it is installed."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(config.parent / "compiled")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pitboard", "display", "--config", str(config)),
        env=os.environ | compiled,
        stderr=asyncio.subprocess.DEVNULL,
    )


class Frames:
    """The display's log of frames, each line read once: who measures must not hold up who is measured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._last: dict[str, Any] = {}

    def records(self) -> int:
        """Return about how many records the newest board is made of: fifteen for each entry."""
        self._read(lambda frame: False)
        return 15 * int(self._last["entries"]) + 30 if self._last else 0

    async def after(self, passings: int) -> int:
        """Return when the first frame was shown that has so many passings of the bench's run; 0: any rows."""

        def is_it(frame: dict[str, Any]) -> bool:
            runs = {run["run"]: run["passings"] for run in frame["runs"]}
            return bool(runs.get("bench", 0) >= passings if passings else frame["entries"])

        while (shown := self._read(is_it)) is None:  # noqa: ASYNC110 - another process writes the file
            await asyncio.sleep(0.005)
        return shown

    def _read(self, is_it: Callable[[dict[str, Any]], bool]) -> int | None:
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._last = json.loads(line)
                if is_it(self._last):
                    return int(self._last["mono_ns"])
        return None


if __name__ == "__main__":
    main()
