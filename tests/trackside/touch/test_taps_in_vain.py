"""What becomes of a tap while the unit does not answer, or the screen changes under the finger."""

from __future__ import annotations

import asyncio

import pygame
import pytest

from pitboard.drawing.loudspeaker import Loudspeaker
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen
from trackside.touch import act_sender

DOWN, UP = pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP


async def running(screen: VirtualScreen) -> int:
    await screen.register("Ada")
    await screen.tap("start")
    began_ns = await screen.unit.cross()
    await screen.until(lambda now: now.phase == "running")
    return began_ns


async def link_is_lost(screen: VirtualScreen) -> None:
    await screen.unit.crash(power=False)
    await screen.wait_for("banner")


def test_a_lap_by_hand_counts_while_the_unit_does_not_answer() -> None:
    async def story(screen: VirtualScreen) -> None:
        began_ns = await running(screen)
        await asyncio.sleep(1)
        await link_is_lost(screen)
        assert "by hand" in (await screen.wait_for("banner")).label
        assert not (await screen.wait_for("off-track")).enabled
        pressed_ns = await screen.tap("manual")
        await asyncio.sleep(3)
        assert (await screen.wait_for("manual")).label == "Not saved yet"
        assert (await screen.wait_for("manual")).note == "kept until the unit answers"
        await screen.unit.start()
        now = await screen.until(lambda now: now.run is not None and len(now.run.laps) == 1)
        assert now.run is not None
        assert now.run.laps[0].measured_ns == (pressed_ns - began_ns) // 1_000_000 * 1_000_000
        assert (await screen.wait_for("message")).label == "Saved: passing by hand"
        assert (await screen.wait_for("manual")).label == "Manual lap"

    before_the_screen(story)


def test_a_lap_by_hand_that_cannot_be_kept_for_longer_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act_sender, "KEPT_MAX_MS", 500)

    async def story(screen: VirtualScreen) -> None:
        await running(screen)
        await asyncio.sleep(1)
        await link_is_lost(screen)
        await screen.tap("manual")
        await asyncio.sleep(1)
        await screen.unit.start()
        assert (await screen.wait_for("message")).label.startswith("No answer")

    before_the_screen(story)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    played: list[str] = []
    monkeypatch.setattr(Loudspeaker, "play", lambda _, sound: played.append(sound))
    return played


def test_a_tap_whose_button_closes_under_the_finger_is_answered(heard: list[str]) -> None:
    async def story(screen: VirtualScreen) -> None:
        await running(screen)
        await asyncio.sleep(1)
        button = await screen.wait_for("off-track")
        x, y = button.rect.x + 20, button.rect.y + 20
        await screen.unit.crash(power=False)
        await asyncio.sleep(1.9)
        screen.finger(DOWN, x, y)
        await screen.wait_for("banner")
        heard.clear()
        screen.finger(UP, x, y)
        await asyncio.sleep(0.1)
        assert heard == ["refused"]
        await screen.unit.start()
        assert (await screen.wait_for("message")).label.startswith("Not saved: the timing unit does not")

    before_the_screen(story)


def test_a_tap_on_what_cannot_be_tapped_is_heard_to_be_refused(heard: list[str]) -> None:
    async def story(screen: VirtualScreen) -> None:
        await screen.register("Ada")
        await screen.tap("start")
        await screen.wait_for("start-by-hand")
        heard.clear()
        discard = await screen.wait_for("discard")
        button = await screen.wait_for("start-by-hand")
        assert not button.enabled  # the page is new
        for widget, sounds in ((button, ["refused"]), (discard, ["refused"])):
            screen.finger(DOWN, widget.rect.x + 20, widget.rect.y + 20)
            await asyncio.sleep(0.05)
            screen.finger(UP, widget.rect.x + 20, widget.rect.y + 20)
            await asyncio.sleep(0.05)
            assert heard == sounds, widget.name
            heard.clear()
            await asyncio.sleep(0.05)

    before_the_screen(story)
