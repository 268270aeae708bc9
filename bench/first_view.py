"""How soon the phone page is drawn on a slow network: `python -m bench.first_view`.

Chromium slows itself down as its own "slow 3G" does: 400 ms an answer, 50 kB a second, no handshakes.
A page is drawn once its first rows are painted: a frame after they are there, not before the first paint."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from bench.measure import report
from tests.sync.central.central_stage import CentralThread, TrackStory
from tests.sync.conftest import BROWSER_FLAGS, CHROMIUM

ENTRIES_COUNT = 200
PHONE = {"width": 360, "height": 740}
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
DRAWN_GOAL_MS = 1_000
SEEN_ROWS_COUNT = 8
"""So many stand on a phone's first view."""
_WATCH_ROWS = f"""
const look = () => {{
  const isThere = document.querySelectorAll("#rows li").length >= {SEEN_ROWS_COUNT};
  requestAnimationFrame(isThere ? () => (window.rowsMs = performance.now()) : look);
}};
requestAnimationFrame(look);
"""
_TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  return { whole: page.responseEnd, paint, drawn: Math.max(paint, window.rowsMs) };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs_count = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder, CentralThread(Path(folder)).running() as central:
        story = TrackStory()
        for number in range(ENTRIES_COUNT):
            story.drives(f"c{number}", f"Competitor number {number}", 12.5 + number / 100)
        records = story.news()
        for start in range(0, len(records), 500):
            central.take(records[start : start + 500])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=BROWSER_FLAGS)
            first_view(browser, central.port)  # the browser's own first start is not the page's
            views = [first_view(browser, central.port) for _ in range(runs_count)]
            browser.close()
    drawn = [view["drawn"] for view in views]
    report(
        "first-view",
        {
            "runs": runs_count,
            "drawn_ms": {"median": statistics.median(drawn), "max": max(drawn), "goal": DRAWN_GOAL_MS},
            "within_goal": sum(one <= DRAWN_GOAL_MS for one in drawn),
            "of_it_ms": {
                part: statistics.median(view[part] for view in views) for part in ("whole", "paint")
            },
            "live_ms": statistics.median(view["live"] for view in views),
            "first_answer_bytes": views[-1]["first_bytes"],
            "bytes": views[-1]["bytes"],
            "answers": views[-1]["answers"],
            "load": round(os.getloadavg()[0], 1),
        },
    )


def first_view(browser: Browser, port: int) -> dict[str, Any]:
    """Open the page on a phone that has never seen it; return when what was there, in ms."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, service_workers="block")  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(_WATCH_ROWS)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW_3G)
    sizes: list[int] = []
    network.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit", timeout=60_000)
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=60_000)
    live_ms = page.evaluate("performance.now()")
    page.wait_for_function("window.rowsMs && performance.getEntriesByName('first-contentful-paint').length")
    times = {name: round(value) for name, value in page.evaluate(_TIMES).items()}
    context.close()
    return times | {
        "live": round(live_ms),
        "first_bytes": sizes[0],
        "bytes": sum(sizes),
        "answers": len(sizes),
    }


if __name__ == "__main__":
    main()
