"""Hold the public API's document against a running central: `python -m tests.api_check SCHEMATHESIS …`.

`make api` installs the program schemathesis into an environment of its own and runs this. The live stream is
left out, for it does not end."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.sync.central.central_stage import CentralThread, TrackStory

COMPETITORS_COUNT = 230


def main() -> int:
    program, *arguments = sys.argv[1:]
    story = TrackStory()
    for number in range(COMPETITORS_COUNT):
        story.drives(f"c{number}", f"Driver {number}", 12.5 + number / 10)
    story.teller.say(CompetitorRegistered(competitor_id="late", name="Späth, René", number="17"))
    with (
        tempfile.TemporaryDirectory(prefix="pitboard-api-") as folder,
        CentralThread(Path(folder)).running() as central,
    ):
        central.take(story.news())
        document = f"http://127.0.0.1:{central.port}/api/v1/openapi.json"
        without = ("--exclude-path", "/api/v1/live")
        return subprocess.run([program, "run", document, *without, *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main())
