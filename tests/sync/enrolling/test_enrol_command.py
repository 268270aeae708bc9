"""The two enrol commands as the technician types them, against a central that runs."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from display.node import own_identity
from pitboard.program.config import load_event_file

CENTRAL = """
root_key_file = "central/root.key"
journal = "central/central.db"
[event]
name = "Summer Cup"
[public]
port = 0
[ingest]
port = 0
"""
TRACKSIDE = """
name = "Track A"
key_file = "unit/unit.key"
journal = "unit/unit.db"
[api]
socket = "unit/api.sock"
"""
DISPLAY = 'name = "Stand"\njournal = "stand/display.db"\n'
TOKEN = re.compile(r"^  ([0-9A-Z]{5}(?:-[0-9A-Z]{5}){4})$")


class Typed:
    """A command under way, and what it printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.printed = ""

    @classmethod
    async def start(cls, folder: Path, *arguments: str) -> Typed:
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pitboard", *arguments),
                cwd=folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        )

    async def until(self, pattern: re.Pattern[str]) -> str:
        """Return the first group of the first line that fits."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while line := (await self._process.stdout.readline()).decode():
                self.printed += line
                if (found := pattern.search(line.rstrip("\n"))) is not None:
                    return found[1]
        raise AssertionError(self.printed)

    async def end(self, typed: str = "") -> int:
        async with asyncio.timeout(20):
            out, _ = await self._process.communicate(typed.encode())
        self.printed += out.decode()
        return self._process.returncode or 0

    def stop(self) -> None:
        self._process.terminate()


def test_a_unit_and_a_display_are_enrolled_by_typing_a_token(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text(CENTRAL)
    (tmp_path / "trackside.toml").write_text(TRACKSIDE)
    (tmp_path / "display.toml").write_text(DISPLAY)
    central_of = ("central", "--config", "central.toml")

    async def story() -> None:
        not_yet = await Typed.start(tmp_path, "trackside", "--config", "trackside.toml")
        assert await not_yet.end() == 1
        assert "not enrolled; run pitboard enrol first" in not_yet.printed
        central = await Typed.start(tmp_path, *central_of)
        url = await central.until(re.compile(r"ingest=(\S+)"))
        for node, option in (("trackside", ()), ("display", ("--display",))):
            admin = await Typed.start(tmp_path, *central_of, "enrol", "Track A", *option)
            token = await admin.until(TOKEN)
            files = ("--config", f"{node}.toml")
            unit = await Typed.start(tmp_path, "enrol", *option, *files, "--yes", f"{url}/#{token}")
            code = await unit.until(re.compile(r"^ +(\d{3} \d{3})$"))
            assert await admin.until(re.compile(r"^ +(\d{3} \d{3})$")) == code
            assert await admin.end("y\n") == 0
            assert await unit.end() == 0
            if node == "display":
                continue
            again = await Typed.start(
                tmp_path, "enrol", *option, *files, "--yes", "--central", url, token.lower()
            )
            assert await again.end() == 1
            assert "pitboard: This token was used already" in again.printed
        assert own_identity(tmp_path / "stand" / "display.db") is not None
        told = load_event_file(tmp_path / "unit" / "event.toml")
        assert told is not None
        assert (told.event, told.central) == ("Summer Cup", url)
        listed = await Typed.start(tmp_path, *central_of, "units")
        assert await listed.end() == 0
        assert re.search(r"^Track A +enrolled", listed.printed, re.MULTILINE)
        central.stop()
        assert await central.end() == 0

    asyncio.run(story())
