"""A machine without a set-up: its code guards the page, and nothing that the page takes is believed."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pygame
import pytest

from pitboard.clock import ScriptedClock
from pitboard.doors.http_api import serve_tcp
from pitboard.drawing.typeface import Typeface
from pitboard.errors import Refusal
from pitboard.sentences.language import language
from tests.venue.set_up.recorded_machine import RecordedMachine
from venue.first_boot.code import WRONG_OF_SOURCE, ScreenCode
from venue.first_boot.command import take_parcel
from venue.first_boot.parcel import FILE_MAX_BYTES, FILES_MAX_COUNT, PARCEL_MAX_BYTES, READY_NAME, Parcel
from venue.first_boot.welcome_door import WelcomeDoor
from venue.first_boot.welcome_screen import Welcome, draw_welcome
from venue.set_up.installation import Installation, NodeFiles, system_folder
from venue.set_up.machine import Owned

CODE = "48207731"
NODE = {
    "track-a/node.json": json.dumps({"event": "Cup", "host": "track-a", "roles": ["trackside"]}).encode(),
    "track-a/etc/trackside.toml": b'name = "Track A"\n',
    "track-a/data/unit.key": b"secret",
}


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, inside in files.items():
            whole.writestr(name, inside)
    return content.getvalue()


def test_the_zip_of_a_folder_is_the_node_that_the_folder_is() -> None:
    for files in (NODE, {name.removeprefix("track-a/"): content for name, content in NODE.items()}):
        node = Parcel(content=zipped(files)).node()
        assert (node.host, node.roles) == ("track-a", ["trackside"])
        assert node.configs == {"trackside.toml": b'name = "Track A"\n'}
        assert node.data == {"unit.key": b"secret"}


@pytest.mark.parametrize(
    "name", ["data/../../etc/passwd", "data/sub/x", "data/..", "/etc/shadow", "data/a\nb", "other/x"]
)
def test_a_name_that_leads_elsewhere_is_left_out(name: str) -> None:
    node = Parcel(content=zipped({**NODE, f"track-a/{name}": b"x"})).node()
    assert set(node.data) == {"unit.key"}
    assert set(node.configs) == {"trackside.toml"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        zipped({"a/readme": b""}),
        zipped({"node.json": b"[1]"}),
        zipped({"node.json": b'{"host": "x"}'}),
        zipped(NODE)[:-30],
        zipped(NODE | {f"track-a/etc/{n}.toml": b"" for n in range(FILES_MAX_COUNT)}),
        zipped(NODE | {"track-a/data/bomb": bytes(FILE_MAX_BYTES + 1)}),
        b"x" * (PARCEL_MAX_BYTES + 1),
    ],
    ids=["empty", "none", "other", "list", "no roles", "cut", "many", "bomb", "large"],
)
def test_what_is_no_set_up_is_one_sentence(content: bytes) -> None:
    with pytest.raises(Refusal, match="set-up"):
        Parcel(content=content).node()


def test_what_is_left_is_taken_once_whole_and_through_no_link(tmp_path: Path) -> None:
    folder = tmp_path / "set-up"
    for parcel in (Parcel(role="display"), Parcel(content=zipped(NODE))):
        parcel.leave(folder)
        assert Parcel.take(folder) == parcel
        with pytest.raises(Refusal, match="no set-up was left"):
            Parcel.take(folder)
    (folder / READY_NAME).symlink_to("/etc/shadow")
    with pytest.raises(Refusal, match="no set-up was left"):
        Parcel.take(folder)


def test_a_guesser_has_five_tries_and_one_in_ten_seconds_and_keeps_nobody_else_out() -> None:
    """A new code after five wrong ones let whoever guessed on keep the person before the screen out."""
    clock = ScriptedClock()
    code = ScreenCode(clock, make=lambda: CODE)
    for number in range(1_000):
        source = f"192.0.2.{number % 35}"
        assert not code.fits("0" * 8, source)
    assert not code.fits(CODE, "192.0.2.1")
    assert code.fits("4820 7731", "198.51.100.7")
    clock.advance(ns=10_000_000_000)
    assert [code.fits(typed, "192.0.2.1") for typed in ("1", CODE)] == [False, False]
    clock.advance(ns=10_000_000_000)
    assert code.fits(CODE, "192.0.2.1")


Ask = Callable[..., Awaitable[tuple[int, str]]]


def at_the_door(story: Callable[[Ask], Awaitable[None]]) -> list[Parcel]:
    """Knock at a real door; return what it handed over."""
    left: list[Parcel] = []

    async def run() -> None:
        code = ScreenCode(ScriptedClock(), make=lambda: CODE)
        door = WelcomeDoor(code, "raspberrypi", leave=left.append, taken=lambda: None)
        async with serve_tcp(door.app(), "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:

            async def ask(speaks: str = "en", **fields: str | bytes) -> tuple[int, str]:
                url = f"http://127.0.0.1:{port}/"
                headers = {"Accept-Language": speaks}
                if not fields:
                    async with session.get(url) as answer:
                        return answer.status, await answer.text()
                form = aiohttp.FormData()
                for name, value in fields.items():
                    if isinstance(value, bytes):
                        form.add_field(name, io.BytesIO(value), filename="track-a.zip")
                    else:
                        form.add_field(name, value)
                async with session.post(url, data=form, headers=headers) as answer:
                    return answer.status, await answer.text()

            await story(ask)

    asyncio.run(run())
    return left


def test_the_page_takes_a_set_up_from_whoever_reads_the_screen() -> None:
    async def story(ask: Ask) -> None:
        status, page = await ask()
        assert status == 200
        assert "Set up raspberrypi" in page
        assert "<script" not in page
        assert (await ask(code="1", parcel=zipped(NODE)))[0] == 403
        assert (await ask(code=CODE))[0] == 400
        assert (await ask(code=CODE, role="root"))[0] == 400
        status, page = await ask(code=CODE, parcel=b"<script>")
        assert (status, "no machine&#x27;s set-up" in page) == (400, True)
        status, page = await ask("de-AT", code=CODE, parcel=b"<script>")
        assert (status, "keine Einrichtung einer Maschine" in page) == (400, True)
        assert "Nichts wurde gesendet" in (await ask("de", code=CODE))[1]
        assert (await ask(code="4820 7731", parcel=zipped(NODE)))[0] == 200
        assert (await ask(code=CODE, role="display"))[0] == 200

    assert at_the_door(story) == [Parcel(content=zipped(NODE)), Parcel(role="display")]


def test_without_the_code_nothing_is_handed_over_and_a_flood_is_refused() -> None:
    async def story(ask: Ask) -> None:
        statuses = [(await ask(code="0" * 8, role="display"))[0] for _ in range(8)]
        assert statuses == [403] * WRONG_OF_SOURCE.burst + [429] * 3
        assert (await ask(code=CODE, role="display"))[0] == 429
        assert (await ask(code=CODE, parcel=bytes(2_000_000)))[0] == 400

    assert at_the_door(story) == []


@pytest.mark.parametrize("size", [(800, 480), (1920, 1080), (720, 1280)])
@pytest.mark.parametrize("said", ["", "the set-up cannot be handed over: no space left on device"])
def test_the_screen_has_room_for_all_of_it(size: tuple[int, int], said: str) -> None:
    """Its lowest and its rightmost lines stay inside: the margin is left as it was."""
    surface = pygame.Surface(size)
    welcome = Welcome(host="track-a", address="https://192.168.178.104:8443/", code=CODE, said=said)
    for code in ("en", "de"):
        draw_welcome(surface, welcome, Typeface.load(), language("de" if code == "de" else "en"))
        drawn = pygame.mask.from_threshold(surface, (0, 0, 0), (40, 40, 40, 255))
        drawn.invert()
        boxes = drawn.get_bounding_rects()
        assert max(box.bottom for box in boxes) < size[1] - 4
        assert max(box.right for box in boxes) < size[0] - 4


class PowerCut(Exception):
    """The machine ends here; nobody in it is told."""


@dataclass(slots=True, kw_only=True)
class CutMachine(RecordedMachine):
    """Its power goes at the change whose number this is."""

    cut_at: int = 0
    changes: int = 0

    def _count(self) -> None:
        self.changes += 1
        if self.changes == self.cut_at:
            raise PowerCut

    def write(self, path: Path, content: bytes, owned: Owned) -> bool:
        self._count()
        return RecordedMachine.write(self, path, content, owned)

    def run(self, *command: str) -> bool:
        self._count()
        return RecordedMachine.run(self, *command)


def test_a_set_up_that_is_cut_off_anywhere_is_whole_after_the_next_boot(tmp_path: Path) -> None:
    parcel = Parcel(content=zipped(NODE))
    node = parcel.node()

    def changes_of_one_cut(cut_at: int) -> int:
        base = tmp_path / str(cut_at)
        machine = CutMachine(root=base / "root", cut_at=cut_at)
        machine.root.mkdir(parents=True)
        kept = base / "set-up.parcel"

        def set_up(node: NodeFiles) -> None:
            list(Installation(machine, systemd=system_folder()).install(node, program=Path("/opt/one")))

        parcel.leave(base / "left")
        with contextlib.suppress(PowerCut):
            take_parcel(base / "left", set_up, kept=kept)
        if kept.exists():  # what set-up-pitboard.path looks at when the machine boots
            machine.cut_at = 0
            take_parcel(base / "left", set_up, kept=kept)
        assert not kept.exists()
        assert {"pitboard.target", *node.services} <= machine.enabled
        for name, content in node.configs.items():
            assert machine.read(Path("/etc/pitboard") / name) == content, f"cut at {cut_at}"
        return machine.changes

    changes = changes_of_one_cut(0)
    assert changes > 20
    for cut_at in (1, changes // 2, *range(changes - 6, changes + 1)):  # the last ones make it a node
        changes_of_one_cut(cut_at)


def test_a_set_up_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    kept = tmp_path / "set-up.parcel"
    Parcel(content=b"no zip").leave(tmp_path / "left")
    with pytest.raises(Refusal, match="no machine's set-up"):
        take_parcel(tmp_path / "left", lambda node: None, kept=kept)
    assert not kept.exists()
