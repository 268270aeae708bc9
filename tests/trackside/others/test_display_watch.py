"""The official's list of displays: those that answer now, whatever was announced."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.presence.heard_nodes import FoundNode
from pitboard.unit_api.screen_state import DisplayNode
from trackside.others.display_watch import (
    ASKED_MAX_COUNT,
    GONE_AFTER_NS,
    GONE_MAX_COUNT,
    STRANGERS_ASKED_AT_ONCE,
    DisplaySaid,
    DisplayWatch,
)


def display(number: int, name: str) -> FoundNode:
    return FoundNode(name=f"pb-{number}", host=f"192.0.2.{number}", port=9_000, properties={"name": name})


def test_a_display_that_answers_at_two_addresses_is_one_and_two_of_one_name_are_two() -> None:
    at_both = [replace(display(1, "Stand"), host=host) for host in ("192.0.2.1", "fe80::1%eth0")]
    hall = Hall(*at_both, display(2, "Stand"))
    hall.look(3)
    assert hall.told[-1] == ["Stand", "Stand"]


class Hall:
    def __init__(self, *nodes: FoundNode) -> None:
        self.clock = ScriptedClock()
        self.found = {node.address: node for node in nodes}
        self.frozen: set[str] = set()
        self.asked: list[str] = []
        self.told: list[list[str]] = []
        self.watch = DisplayWatch(
            lambda: self.found,
            self.clock,
            lambda shown: self.told.append([one.name for one in shown]),
            ask=self._ask,
        )

    async def _ask(self, node: FoundNode) -> DisplaySaid:
        self.asked.append(node.address)
        if node.address in self.frozen:
            raise PeerLost(peer=node.name, code=LossCode.NO_ANSWER)
        return DisplaySaid(node.properties["name"], scene=node.properties.get("scene", ""))

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            asyncio.run(self.watch.look_once())
            self.clock.advance(ms=3_000)


def test_a_display_that_froze_is_called_gone_though_its_advert_stays() -> None:
    hall = Hall(display(1, "Grandstand"), display(2, "Pits"))
    hall.look()
    assert hall.told == [["Grandstand", "Pits"]]
    first_ms = hall.clock.utc_ms() - 3_000
    hall.frozen.add("192.0.2.2:9000")
    hall.look(times=GONE_AFTER_NS // 3_000_000_000 + 2)
    at_ms = {one.name: one.gone_since_utc_ms for one in hall.watch.displays}
    assert at_ms == {"Grandstand": 0, "Pits": first_ms}
    hall.frozen.clear()
    hall.look()
    assert {one.gone_since_utc_ms for one in hall.watch.displays} == {0}


def test_of_displays_that_are_gone_only_so_many_are_remembered() -> None:
    hall = Hall(*(display(number, f"Wall {number}") for number in range(1, 30)))
    hall.look(times=12)
    hall.found.clear()
    hall.look(times=GONE_AFTER_NS // 3_000_000_000 + 2)
    assert len(hall.watch.displays) == GONE_MAX_COUNT


def test_silent_names_hide_no_display_that_answers_and_cost_a_few_questions_a_round() -> None:
    crowd = [display(number, "AAA") for number in range(3, 63)]
    hall = Hall(*crowd, display(1, "Grandstand"))
    hall.frozen = {node.address for node in crowd}
    hall.look(times=61 // STRANGERS_ASKED_AT_ONCE + 1)
    assert hall.told == [["Grandstand"]]
    hall.asked.clear()
    hall.look()
    assert len(hall.asked) == STRANGERS_ASKED_AT_ONCE + 1


def test_a_display_that_signs_with_its_key_and_was_slow_once_does_not_wait_behind_sixty_names() -> None:
    """On a busy machine it missed its first turn after a start, and was listed a minute later."""
    crowd = [display(number, "AAA") for number in range(3, 63)]
    hall = Hall(replace(display(1, "Grandstand"), is_signed=True), *crowd)
    hall.frozen = {node.address for node in (*crowd, display(1, ""))}
    hall.look()
    hall.frozen.discard("192.0.2.1:9000")
    hall.look()
    assert hall.told == [["Grandstand"]]


def test_of_displays_that_answered_twenty_are_asked_beside_four_others() -> None:
    own = [display(number, f"Screen {number}") for number in range(1, 31)]
    hall = Hall(*own)
    hall.look(times=8)
    hall.asked.clear()
    crowd = [display(number, "AAA") for number in range(100, 160)]
    hall.found |= {node.address: node for node in crowd}
    hall.frozen = {node.address for node in crowd}
    hall.look()
    assert len(hall.asked) == ASKED_MAX_COUNT == 24
    assert len(set(hall.asked) & hall.frozen) <= STRANGERS_ASKED_AT_ONCE == 4


def test_what_a_display_calls_itself_is_cleaned() -> None:
    hall = Hall(display(1, "Grand\x1b[0m\nstand"))
    hall.look()
    assert hall.watch.displays == [DisplayNode("Grand [0m stand", "192.0.2.1:9000")]
