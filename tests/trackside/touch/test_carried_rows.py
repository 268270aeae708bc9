"""The queue is put in order by a finger that rests on a row and carries it."""

from __future__ import annotations

import asyncio

import pygame

from pitboard.unit_api.official_acts import JoinQueue, Register
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen

DOWN, MOVE, UP = pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP


def names(screen: VirtualScreen) -> list[str]:
    return [one.name for one in screen.now.queue]


def rows(screen: VirtualScreen) -> list[str]:
    return [one.label for one in screen.layout.widgets if one.name.startswith("queue:")]


async def wait_in_line(screen: VirtualScreen, count: int) -> None:
    for name in "ABCDEFGHIJ"[:count]:
        await screen.unit.run_control.carry_out(Register(name=name))
    for one in screen.now.competitors:
        await join(screen, one.competitor_id)
    await screen.tap("queue")


async def join(screen: VirtualScreen, competitor_id: str) -> None:
    await screen.unit.run_control.carry_out(JoinQueue(competitor_id=competitor_id))


async def rest_on(screen: VirtualScreen, label: str, seconds: float) -> tuple[int, int]:
    row = await screen.wait_for(f"={label}")
    await asyncio.sleep(0.4)
    x, y = row.rect.x + row.rect.w // 2, row.rect.y + row.rect.h // 2
    screen.finger(DOWN, x, y)
    await asyncio.sleep(seconds)
    return x, y


async def middle_of(screen: VirtualScreen, label: str) -> int:
    row = await screen.wait_for(f"={label}")
    return row.rect.y + row.rect.h // 2


def test_a_row_that_was_held_is_carried_and_nothing_moves_as_others_join() -> None:
    async def story(screen: VirtualScreen) -> None:
        await wait_in_line(screen, 3)
        to_y = await middle_of(screen, "A")
        x, _ = await rest_on(screen, "C", 0.5)
        screen.finger(MOVE, x, to_y)
        await asyncio.sleep(0.1)
        assert rows(screen) == ["C", "A", "B"]
        assert names(screen) == ["A", "B", "C"]  # said by nobody yet
        await screen.unit.run_control.carry_out(Register(name="D"))
        await join(screen, screen.now.competitors[-1].competitor_id)
        await screen.until(lambda now: len(now.queue) == 4)
        await asyncio.sleep(0.3)
        assert rows(screen)[:3] == ["C", "A", "B"]
        screen.finger(UP, x, to_y)
        await screen.until(lambda now: now.acts[0].kind == "queue-ordered")
        assert names(screen) == ["C", "A", "B", "D"]
        await asyncio.sleep(0.5)
        await screen.tap("undo", "unact:*")
        await screen.until(lambda now: [one.name for one in now.queue] == ["A", "B", "C", "D"])

    before_the_screen(story)


def test_a_list_longer_than_the_screen_moves_on_under_who_is_carried() -> None:
    async def story(screen: VirtualScreen) -> None:
        await wait_in_line(screen, 9)
        area = screen.layout.list_area
        assert area is not None
        assert area.shown < 9
        x, _ = await rest_on(screen, "A", 0.5)
        screen.finger(MOVE, x, area.rect.bottom - 2)
        await asyncio.sleep(4)
        screen.finger(UP, x, area.rect.bottom - 2)
        await screen.until(lambda now: now.queue[-1].name == "A")

    before_the_screen(story)


def test_a_finger_that_is_lost_or_comes_back_orders_nothing() -> None:
    async def story(screen: VirtualScreen) -> None:
        await wait_in_line(screen, 3)
        x, y = await rest_on(screen, "C", 0.5)
        screen.finger(MOVE, x, y - 120)
        await asyncio.sleep(0.1)
        pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
        screen.wake()
        await asyncio.sleep(0.1)
        assert rows(screen) == ["A", "B", "C"]
        screen.finger(UP, x, y - 120)
        await asyncio.sleep(0.1)
        x, y = await rest_on(screen, "C", 0.5)
        screen.finger(MOVE, x, y - 120)
        screen.finger(MOVE, x, y)
        screen.finger(UP, x, y)
        await asyncio.sleep(0.5)
        assert screen.now.acts[0].kind != "queue-ordered"
        assert (await screen.wait_for("=C")).is_on  # it was a tap: who was held is chosen

    before_the_screen(story)


def test_where_the_unit_does_not_take_the_order_the_old_one_stands_again() -> None:
    async def story(screen: VirtualScreen) -> None:
        await wait_in_line(screen, 3)
        to_y = await middle_of(screen, "A")
        x, _ = await rest_on(screen, "C", 0.5)
        screen.finger(MOVE, x, to_y)
        await asyncio.sleep(0.1)
        await screen.unit.crash(power=False)
        screen.finger(UP, x, to_y)
        assert (await screen.wait_for("message")).label.startswith("No answer")
        assert rows(screen) == ["A", "B", "C"]

    before_the_screen(story)
