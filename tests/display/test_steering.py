"""A display obeys enrolled nodes: how bright it is, dark or lit, and starting anew exactly once."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from types import SimpleNamespace

import pygame
import pytest

from display.following.display_presence import DisplayStatus, status_pages
from display.scene.playlist import lay_out
from display.scene.show import Canvas, Moment
from display.scene.theme import load_theme
from display.screen.glass import Glass
from display.screen.scene_painter import Painter
from display.screen.screen_picture import Thumbnail, size_of
from display.screen.show_maker import DisplayFacts, ShowMaker
from display.steering import Steering
from pitboard.clock import ScriptedClock
from pitboard.doors.page_door import Page
from pitboard.drawing.palette import TEXT
from pitboard.drawing.typeface import Typeface
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.display_bodies import DisplayAssigned
from pitboard.trust.signed_picture import PICTURE_MAX_BYTES, check_picture, new_nonce, read_picture
from tests.display.example_boards import LIVE, SIZES, board, leaderboard
from tests.race_story import STRANGER, UNIT_A, Teller, central_enrols

STATUS = DisplayStatus(
    name="d", key="k", scene="s", source=None, is_live=False, badge="", heads=0, records=0, size=(1, 1)
)


class Hall:
    """A display in a venue told record by record."""

    def __init__(self, root: Path) -> None:
        self.central, self.unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
        self.is_live, self.starts, self.dimmed = False, 0, list[int]()
        self.replica = SimpleNamespace(fold=Fold(self.central.identity.key), version=0)
        self.steering = Steering(
            self.replica,  # type: ignore[arg-type]
            ("k1", "Bar"),
            Glass(root),
            is_live=lambda: self.is_live,
            dim=self.dimmed.append,
            start_anew=self._start_anew,
        )
        self.hear(self.central)

    def _start_anew(self) -> None:
        self.starts += 1

    def hear(self, *tellers: Teller) -> None:
        for teller in tellers:
            for record in teller.records:
                self.replica.fold.add(record)
        asyncio.run(self.steering.look())

    def told(self, **what: object) -> None:
        self.unit.say(DisplayAssigned(display="k1", name="Bar", **what))  # type: ignore[arg-type]
        self.hear(self.unit)


def test_a_word_to_start_anew_is_obeyed_once_and_not_again_after_the_start(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.told(restart="a")
    assert hall.starts == 0  # found on the way to being live: obeyed before
    hall.is_live = True
    hall.hear()
    hall.told(restart="a", brightness_percent=50)
    assert hall.starts == 0
    hall.told(restart="b")
    hall.hear()
    assert hall.starts == 1


def test_a_later_word_that_says_nothing_of_a_start_starts_nothing(tmp_path: Path) -> None:
    """A tap for another scene, after somebody had let it start anew, started it a second time."""
    hall = Hall(tmp_path)
    hall.is_live = True
    hall.told()
    hall.told(restart="r1")
    hall.told(brightness_percent=60)
    hall.told(restart="r1")
    assert hall.starts == 1


def test_a_stranger_can_neither_darken_nor_restart_it(tmp_path: Path) -> None:
    hall, stranger = Hall(tmp_path), Teller(STRANGER, "a box")
    hall.is_live = True
    hall.hear()
    stranger.say(DisplayAssigned(display="k1", name="Bar", restart="x", is_on=False, brightness_percent=10))
    hall.hear(stranger)
    assert (hall.starts, hall.steering.is_on, hall.dimmed) == (0, True, [])


def test_a_backlight_is_dimmed_and_where_there_is_none_the_colours_are(tmp_path: Path) -> None:
    plain = Hall(tmp_path)
    plain.told(brightness_percent=40)
    assert plain.dimmed == [40]
    light = tmp_path / "sys/class/backlight/panel"
    light.mkdir(parents=True)
    (light / "max_brightness").write_text("200\n")
    lit = Hall(tmp_path)
    lit.told(brightness_percent=40)
    assert (lit.dimmed, (light / "brightness").read_text()) == ([100], "80")


def test_a_television_is_sent_to_sleep_and_woken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, said = tmp_path / "bin/cec-ctl", tmp_path / "said"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    tool.chmod(0o755)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/cec0").touch()
    hall = Hall(tmp_path)
    hall.told(is_on=False)
    assert not said.exists()  # no such tool: it is painted black
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    hall.told(is_on=True)
    hall.told(is_on=False)
    words = [line.split()[-1] for line in said.read_text().splitlines()]
    assert words == ["--image-view-on", "--standby"]


def test_off_is_black_and_on_shows_the_scene_again() -> None:
    unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
    maker = ShowMaker(DisplayFacts(ids=("k1",)), LIVE)
    painter, surface = Painter(Typeface.load()), pygame.Surface((1280, 720))
    colours = []
    for is_on in (True, False, True):
        unit.say(DisplayAssigned(display="k1", name="Bar", is_on=is_on))
        fold = Fold(central.identity.key)
        for record in (*central.records, *unit.records):
            fold.add(record)
        show = maker.take(fold, Moment(0))
        painter.paint(lay_out(show, Moment(0), Canvas(size=(1280, 720))).scene, surface)
        colours.append(len(set(pygame.image.tobytes(surface, "RGB"))))
    assert colours[1] == 1
    assert colours[0] == colours[2] > 10


def test_dimmed_colours_are_darker_by_so_much() -> None:
    painter, surface = Painter(Typeface.load(), load_theme("dark-hall")), pygame.Surface((1280, 720))
    scene = leaderboard(board(12), LIVE, (1280, 720))
    brightest = []
    for percent in (100, 50, 100):
        painter.dim(percent)
        painter.paint(scene, surface)
        brightest.append(max(pygame.image.tobytes(surface, "RGB")))
    assert brightest == [max(TEXT), max(TEXT) // 2, max(TEXT)]


@pytest.mark.parametrize("size", SIZES)
def test_the_small_picture_is_small_and_made_once_a_second(size: tuple[int, int]) -> None:
    surface, clock, asked = pygame.Surface(size), ScriptedClock(), list[int]()
    Painter(Typeface.load()).paint(leaderboard(board(200), LIVE, size), surface)

    def shown() -> pygame.Surface:
        asked.append(1)
        return surface

    async def story() -> None:
        thumbnail = Thumbnail(shown, clock)
        pictures = await asyncio.gather(*(thumbnail.picture() for _ in range(20)))
        assert len(set(pictures)) == 1
        looked = len(asked)
        clock.advance(ms=999)
        await thumbnail.picture()
        assert len(asked) == looked
        clock.advance(ms=1)
        surface.fill((200, 0, 0))
        assert await thumbnail.picture() != pictures[0]
        assert pictures[0].startswith(b"\x89PNG")
        assert 1_000 < len(pictures[0]) < PICTURE_MAX_BYTES

    asyncio.run(story())
    assert max(size_of(size)) <= 320


def test_a_noisy_photograph_fits_into_its_bytes_too_and_is_signed_for_who_asks() -> None:
    noise = pygame.image.frombytes(random.Random(1).randbytes(640 * 640 * 3), (640, 640), "RGB")
    pages = status_pages(lambda: STATUS, Thumbnail(lambda: noise, ScriptedClock()).picture, UNIT_A)
    nonce = new_nonce()

    async def ask(query: str) -> Page:
        return await pages["/v1/picture"](query)

    signed = read_picture(asyncio.run(ask(f"nonce={nonce}")).body)
    check_picture(signed, key=UNIT_A.key, nonce=nonce)
    assert 16_384 < len(signed.picture) <= PICTURE_MAX_BYTES
    assert asyncio.run(ask("nonce=zz")).content_type == "image/png"
