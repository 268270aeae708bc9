"""Every shell block of the pages does what it says, typed as it stands into a venue of real programs.

A block's mark says what becomes of it: `sh` and `console` are typed here (of `console` the answer is compared
too, but for ids), the others say why not."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from pitboard.program.config import EventFile
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity
from tests.firmware_bridge.device_stage import free_port
from tests.sync.central.central_stage import CentralThread, TrackStory

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "systemd" / "README.md"])
BIN = Path(sys.executable).parent
TYPED = ("sh", "console")
NOT_TYPED = {
    "sh minutes": "takes minutes; CI or a person types it before a release",
    "sh root": "changes the system of a machine",
    "sh hardware": "needs sensors",
    "sh serves": "does not end",
    "sh docker": "needs Docker, which no test has",
}
OF_DATA = ("toml", "json", "text", "csv", "mermaid", "nginx", "yaml")
PASSPHRASE = "a long pass phrase for tests"
DESK_PORT = 8082
"""The one that the pages print."""
SERVES_WITHIN_S = 30.0
ENDS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Block:
    mark: str
    text: str


def blocks(page: Path) -> list[Block]:
    found = re.findall(
        r"^ *```([^\n]*)\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [Block(mark, text) for mark, text in found]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_says_what_it_is(page: Path) -> None:
    known = {*TYPED, *NOT_TYPED, *OF_DATA}
    assert {block.mark for block in blocks(page)} <= known, f"mark each block with one of {sorted(known)}"


TYPED_PAGES = [page for page in PAGES if any(block.mark in TYPED for block in blocks(page))]


@pytest.mark.field
@pytest.mark.parametrize("page", TYPED_PAGES, ids=name_of)
def test_what_a_page_types_works(page: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        desk = stack.enter_context(Venue(tmp_path).raced().running())
        desk.lay_out(page)
        for block in blocks(page):
            if block.mark == "sh":
                desk.types(block.text)
            elif block.mark == "console":
                desk.types_and_reads(block.text)


@dataclass
class Venue:
    """Central and a unit in one folder; it stands for /etc/pitboard and /var/lib/pitboard as well."""

    folder: Path
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    central: str = ""
    desk_port: int = 0

    def raced(self) -> Self:
        """Anna drove 12 and 10 seconds, Ben 11; both are confirmed and central has them."""
        central = CentralThread(self.folder)
        with central.running():
            story = TrackStory()
            story.drives("9f3a01c2b4d5e6f7", "Anna Berg", 12, 10).drives("77aa01c2b4d5e6f7", "Ben", 11)
            central.take(story.news())
        return self

    def lay_out(self, page: Path) -> None:
        """Put the page's own examples where its commands look for them."""
        by_mark = {mark: [block.text for block in blocks(page) if block.mark == mark] for mark in OF_DATA}
        if page.name == "formats.md":
            (self.folder / "format.toml").write_text(by_mark["toml"][0], encoding="utf-8")
            (self.folder / "laps.csv").write_text(by_mark["csv"][0], encoding="utf-8")
        if page.name == "venue.md":
            (self.folder / "venue.toml").write_text(by_mark["toml"][0], encoding="utf-8")

    @contextmanager
    def running(self) -> Iterator[Self]:
        port, self.desk_port = free_port(), free_port()
        self.central = f"https://127.0.0.1:{port}"
        unit = Identity.load_or_create(self.folder / "unit.key")
        EventFile(
            event="Summer Cup",
            event_key=Identity.load_or_create(self.folder / "root.key").key,
            name="Track B",
            central=self.central,
            central_fingerprint=Certificate.load_or_create(self.folder / "central.tls.pem").fingerprint,
        ).save(self.folder / "event.toml")
        (self.folder / "stick").mkdir()
        (self.folder / "bridge").mkdir()
        configs = {
            "central": f"""
                root_key_file = "root.key"
                journal = "central.db"
                event = {{ name = "Summer Cup" }}
                public = {{ port = 0 }}
                ingest = {{ port = {port}, mdns = false }}
                admin = {{ port = {self.desk_port} }}
                unit = [ {{ name = "Track B", key = "{unit.key}" }} ]""",
            "trackside": """
                name = "Track B"
                key_file = "unit.key"
                journal = "unit.db"
                api = { socket = "api.sock" }""",
        }
        for program, text in configs.items():
            lines = "\n".join(line.strip() for line in text.splitlines())
            (self.folder / f"{program}.toml").write_text(lines, encoding="utf-8")
        try:
            for program, door in (("central", "admin.sock"), ("trackside", "api.sock")):
                self._begin(program, self.folder / door)
            yield self
        finally:
            for program in [*self.programs]:
                self._end(program)

    def _begin(self, program: str, door: Path) -> None:
        with (self.folder / f"{program}.log").open("wb") as log:
            self.programs[program] = subprocess.Popen(
                [BIN / "pitboard", program, "--config", f"{program}.toml"], cwd=self.folder, stderr=log
            )
        until_s = time.monotonic() + SERVES_WITHIN_S
        while not door.exists():
            said = (self.folder / f"{program}.log").read_text(encoding="utf-8")
            assert self.programs[program].poll() is None, said
            assert time.monotonic() < until_s, said
            time.sleep(0.05)

    def _end(self, program: str) -> None:
        process = self.programs.pop(program)
        process.terminate()
        process.wait(ENDS_WITHIN_S)

    def types(self, text: str) -> str:
        """Type all lines into one shell, answering what asks for a passphrase; return what was printed."""
        if "--journal unit.db" in text.replace("/var/lib/pitboard/", "") and "trackside" in self.programs:
            self._end("trackside")  # as the page says
        for place in ("/etc/pitboard/", "/var/lib/pitboard/"):
            text = text.replace(place, "")
        text = text.replace("/media/stick", "stick").replace("https://192.0.2.77:8081", self.central)
        return typed(text, self.folder).replace(f":{self.desk_port}/", f":{DESK_PORT}/")

    def types_and_reads(self, text: str) -> None:
        """Type each line behind a `$`; the answer is as it stands there, but for ids and what ends in `…`."""
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            printed = self.types(command)
            for line in filter(str.strip, answer.splitlines()):
                wanted = re.escape(line.strip().removesuffix("…"))
                assert re.search(re.sub("[0-9a-f]{16}", "[0-9a-f]{16}", wanted), printed), (
                    f"{line}\n---\n{printed}"
                )


def typed(text: str, folder: Path) -> str:
    """Run the lines as a person at a terminal would, each of which must end well."""
    here, there = pty.openpty()
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8", "TERM": "dumb"}
    shell = subprocess.Popen(
        ["sh", "-ec", text],
        cwd=folder,
        stdin=there,
        stdout=there,
        stderr=there,
        env=environment,
        start_new_session=True,
    )
    os.close(there)
    printed = ""
    until_s = time.monotonic() + ENDS_WITHIN_S * (1 + text.count("\n"))
    try:
        while time.monotonic() < until_s:
            if not select.select([here], [], [], 0.2)[0]:
                continue
            try:
                said = os.read(here, 4096).decode(errors="replace")
            except OSError:  # the last one at the terminal is gone
                break
            printed += said
            if re.search(r"(passphrase|confirmation)[^\n]*: $", printed, re.IGNORECASE):
                os.write(here, f"{PASSPHRASE}\n".encode())
                printed += "\n"
    finally:
        os.close(here)
    assert shell.wait(5) == 0, f"{text}\n---\n{printed}"
    return printed.replace("\r", "")
