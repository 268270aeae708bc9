"""Plant an e-mail and a phone number, run a race with the real programs, and look for them everywhere.

They must be in no file, log or capture, and in no program's memory: not even in the touchscreen's, where they
were typed on the screen's keys. What the test cannot see: pixels, and letters typed on a real keyboard."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from click.testing import CliRunner

from pitboard.clock import SystemClock
from pitboard.errors import PeerLost
from pitboard.trust.identity import Identity
from sync.central.command import central as central_command
from sync.central.contacts.contact_key_file import wrap_key
from tests.process_memory import find_in_memory
from tests.recording_proxy import RecordingProxy
from tests.sync.central.contact_story import ADMIN
from trackside.touch.input.pointers import STILL_MIN_MS
from trackside.touch.scene.contact_scene import CONTACT_KEY_PAGES
from venue.demo.crew import Crew
from venue.official.control_client import ControlClient, Sight

EMAIL = "zqxj.7kvwhq@xjqzvwk.example"
PHONE = "+4207519936258"
NAMES = ("Qxzvj Wkqy", "Wqjzx Vkpq")
PASSPHRASE = "four plain words here"
PROGRAMS = ("central", "trackside", "sync", "display", "touch")
PATIENCE_S = 45.0
LOOPBACK = "127.0.0.1"
STILL_S = (STILL_MIN_MS + 60) / 1_000
KEY_PAUSE_S = 0.07  # the same key counts again after 60 ms
PARTS = (EMAIL[:11], EMAIL[12:19], PHONE[2:11])
NEEDLES = [
    part.encode(encoding).rstrip(b"\0")  # or every empty place would be a candidate
    for part in PARTS
    for encoding in ("utf-8", "utf-16-le", "utf-32-le")
] + [part.encode().hex().encode() for part in PARTS]


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in sockets]


class Venue:
    """One race's programs on this machine, every hop in the clear and through a recording proxy."""

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.folder = folder
        self.sockets = sockets
        self.public, self.ingest, self.ingest_proxy, self.lan, self.lan_proxy, self.status = free_ports(6)
        self.event_key = Identity.load_or_create(folder / "root.key").key
        self.proxies: list[RecordingProxy] = []
        self.control = ControlClient(sockets / "control.sock")

    def write_configs(self) -> None:
        unit_key = Identity.load_or_create(self.folder / "unit.key").key
        configs = {
            "central": f'root_key_file = "root.key"\njournal = "central.db"\n[event]\nname = "Cup"\n'
            f'[admin]\nsocket = "{self.sockets}/admin.sock"\n[public]\nport = {self.public}\n'
            f'[ingest]\nport = {self.ingest}\ntls = false\n[[unit]]\nname = "Track A"\nkey = "{unit_key}"\n',
            "trackside": f'name = "Track A"\nevent_key = "{self.event_key}"\nkey_file = "unit.key"\n'
            f'journal = "unit.db"\n[api]\nsocket = "{self.sockets}/unit.sock"\n'
            f'[lan]\nhost = "{LOOPBACK}"\nport = {self.lan}\ntls = false\nmdns = false\n',
            "sync": f'central = "http://{LOOPBACK}:{self.ingest_proxy}"\n'
            f'unit_socket = "{self.sockets}/unit-proxy.sock"\n',
            "display": f'name = "Wall"\nevent_key = "{self.event_key}"\njournal = "display.db"\n'
            f'mdns = false\nunits = ["http://{LOOPBACK}:{self.lan_proxy}"]\nsize = [1280, 720]\n'
            f'status_host = "{LOOPBACK}"\nstatus_port = {self.status}\n',
            "touch": f'socket = "{self.sockets}/unit-proxy.sock"\n'
            f'control_socket = "{self.sockets}/control.sock"\nwidth = 800\nheight = 480\n',
        }
        for program, text in configs.items():
            (self.folder / f"{program}.toml").write_text(text)
        wrap_key(ADMIN, PASSPHRASE, event_key=self.event_key, memory_kib=8_192).save(
            self.folder / "contact.key"
        )

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Crew]:
        environment = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
        async with contextlib.AsyncExitStack() as stack:
            for proxy in (
                RecordingProxy.to_port(self.ingest, listen=self.ingest_proxy),
                RecordingProxy.to_port(self.lan, listen=self.lan_proxy),
                RecordingProxy.to_socket(self.sockets / "unit.sock", listen=self.sockets / "unit-proxy.sock"),
            ):
                self.proxies.append(await stack.enter_async_context(proxy))
            crew = await stack.enter_async_context(Crew.assembled(self.folder, environment))
            for program in PROGRAMS:
                crew.add(program, program, "--config", str(self.folder / f"{program}.toml"))
                await crew.start(program)
            yield crew

    def admin(self, *arguments: str, answers: str = "") -> str:
        """Type a command at central's machine; it runs in this process, not in central's."""
        command = ["--config", str(self.folder / "central.toml"), *arguments]
        return CliRunner().invoke(central_command, command, input=answers).output

    async def ask_unit(self, method: str, path: str, body: object = None) -> Any:
        connector = aiohttp.UnixConnector(str(self.sockets / "unit.sock"))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"http://unit{path}", data=msgspec.json.encode(body)) as answer,
        ):
            return await answer.json()

    async def see(self, name: str, *, enabled: bool = True) -> Sight:
        """Return what is on the touchscreen once the button is."""
        while True:
            with contextlib.suppress(PeerLost):
                sight = await self.control.look()
                widget = sight.find(name)
                if widget is not None and widget.enabled == enabled:
                    return sight
            await asyncio.sleep(0.02)

    async def tap(self, name: str) -> None:
        await self.see(name)
        await asyncio.sleep(STILL_S)
        widget = (await self.see(name)).find(name)
        assert widget is not None
        await self.control.tap(widget)

    async def type_contact(self, text: str) -> None:
        """Type on the screen's keys; the saved contact tells whether each letter was taken."""
        keys_page = 0
        keys = await self.see("keyboard:q")
        await asyncio.sleep(STILL_S)
        for letter in text:
            if letter not in "".join(CONTACT_KEY_PAGES[keys_page]):
                keys_page = 1 - keys_page
                await self.tap("keyboard:page")
                keys = await self.see(f"keyboard:{letter}")
                await asyncio.sleep(STILL_S)
            key = keys.find(f"keyboard:{letter}")
            assert key is not None
            await self.control.tap(key)
            await asyncio.sleep(KEY_PAUSE_S)

    async def register(self, name: str, contact: str) -> None:
        await self.tap("register")
        await self.see("keyboard:cancel")
        await self.control.type(name)
        await self.tap("keyboard:done")
        await self.type_contact(contact)
        await self.tap("contact:save")
        await self.see("start")

    async def run_a_race(self) -> None:
        screen = await self.ask_unit("GET", "/v1/screen")
        for competitor in screen["competitors"]:
            act = {"act": "arm", "competitor_id": competitor["competitor_id"]}
            run = (await self.ask_unit("POST", "/v1/act", act))["run_id"]
            for _ in range(3):
                await self.act("manual-passing", run, mono_ns=SystemClock().mono_ns())
            await self.act("stop", run, mono_ns=SystemClock().mono_ns())
            for lap in (await self.ask_unit("GET", "/v1/screen"))["run"]["laps"]:
                await self.act("judge", run, lap_id=lap["lap_id"], verdict="valid")
            await self.act("confirm", run)

    async def act(self, act: str, run: str, **details: object) -> None:
        answer = await self.ask_unit("POST", "/v1/act", {"act": act, "run_id": run, **details})
        assert "error" not in answer, answer

    async def until_delivered(self) -> None:
        while (await self.ask_unit("GET", "/v1/contacts/sealed"))["contacts"]:
            await asyncio.sleep(0.05)

    async def until_public_board_shows(self, count: int) -> bytes:
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"http://{LOOPBACK}:{self.public}/api/v1/board") as answer:
                    body = await answer.read()
                if len(msgspec.json.decode(body)["entries"]) >= count:
                    return body
                await asyncio.sleep(0.05)


def found_in_files(folder: Path, needles: list[bytes]) -> list[tuple[str, bytes]]:
    """Return each file and needle that meet; every file counts, whatever it is called."""
    return [
        (str(path.relative_to(folder)), needle)
        for path in folder.rglob("*")
        if path.is_file()
        for needle in needles
        if needle in path.read_bytes()
    ]


@pytest.fixture
def sockets() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="canary-"))  # short: a socket's path has at most 107 bytes
    yield folder
    shutil.rmtree(folder)


def test_a_contact_is_found_nowhere_but_in_the_admins_hands(tmp_path: Path, sockets: Path) -> None:
    async def story() -> None:
        venue = Venue(tmp_path, sockets)
        venue.write_configs()
        names = [name.encode() for name in NAMES]
        async with asyncio.timeout(PATIENCE_S), venue.open() as crew:
            await venue.see("register")
            while "The contact key is published" not in await asyncio.to_thread(venue.admin, "contact-key"):
                await asyncio.sleep(0.1)
            while (await venue.ask_unit("GET", "/v1/screen"))["contact_seal"] is None:
                await asyncio.sleep(0.05)
            await venue.register(NAMES[0], EMAIL)
            await venue.register(NAMES[1], PHONE)
            await venue.until_delivered()
            await venue.run_a_race()
            board = await venue.until_public_board_shows(2)

            read = await asyncio.to_thread(
                venue.admin, "contacts", "--reason", "canary", answers=f"{PASSPHRASE}\n"
            )
            assert f"{NAMES[0]}\t{EMAIL}" in read, read
            assert f"{NAMES[1]}\t{PHONE}" in read, read

            pids = {name: member.process.pid for name, member in crew.members.items() if member.process}
            assert set(pids) == set(PROGRAMS)
            in_memory = {
                name: await asyncio.to_thread(find_in_memory, pid, [*NEEDLES, *names])
                for name, pid in pids.items()
            }
            captures = [bytes(proxy.capture) for proxy in venue.proxies]
            for name in reversed(PROGRAMS):
                await crew.stop(name)
            assert crew.unexpected_exits() == {}
        found = {name: [one for one in there if one in NEEDLES] for name, there in in_memory.items()}
        assert found == {name: [] for name in PROGRAMS}
        for capture in (*captures, board):
            assert [needle for needle in NEEDLES if needle in capture] == []
        assert found_in_files(tmp_path, NEEDLES) == []
        # The nets have no holes: they hold what is meant to be there.
        for program in ("central", "trackside", "display", "touch"):
            assert set(names) <= set(in_memory[program]), program
        assert all(name in capture for name in names for capture in (*captures, board))
        for journal in ("central.db", "unit.db", "display.db"):
            assert {(journal, name) for name in names} <= set(found_in_files(tmp_path, names))
        assert any(b"/v1/contacts" in capture for capture in captures)

    asyncio.run(story())


def test_the_search_of_memory_finds_what_is_there() -> None:
    canary = b"a canary of this process's own".hex().encode()
    assert find_in_memory(os.getpid(), [canary]) == [canary]
