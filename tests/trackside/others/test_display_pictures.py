"""What a unit fetches of displays: of enrolled ones only, proven by them, a few at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec
import pytest

from pitboard.errors import ActRefused, LossCode, PeerLost
from pitboard.presence.heard_nodes import FoundNode
from pitboard.trust.identity import Identity
from pitboard.trust.signed_picture import new_nonce, sign_picture
from tests.pitboard.trust.test_signed_picture import png
from tests.race_story import STRANGER, UNIT_A
from trackside.others.display_pictures import AT_ONCE_MAX_COUNT, PLACES_MAX_COUNT, DisplayPictures

PICTURE = png()


@dataclass
class Hall:
    """Displays by where they answer, None for one that is silent."""

    there: dict[str, Identity | None]
    asked: list[str] = field(default_factory=list)
    is_slow: asyncio.Event | None = None

    def pictures(self) -> DisplayPictures:
        pictures = DisplayPictures(lambda: {UNIT_A.key: "Stand"}, ask=self._ask)
        pictures.places = lambda key: [
            FoundNode(name="pb", host=host, port=1, properties={}) for host in self.there
        ]
        return pictures

    async def _ask(self, node: FoundNode, nonce: str) -> bytes:
        self.asked.append(node.host)
        if self.is_slow is not None:
            await self.is_slow.wait()
        identity = self.there[node.host]
        if identity is None:
            raise PeerLost(peer=node.name, code=LossCode.NO_ANSWER)
        return msgspec.json.encode(sign_picture(PICTURE, nonce, identity))


def code_of(hall: Hall, key: str = UNIT_A.key) -> str:
    with pytest.raises(ActRefused) as refused:
        asyncio.run(hall.pictures().picture(key, new_nonce()))
    return refused.value.code


def test_a_stranger_that_claims_a_displays_key_puts_no_picture_before_the_official() -> None:
    assert code_of(Hall({"stranger": STRANGER})) == "no-display-picture"
    hall = Hall({"stranger": STRANGER, "stand": UNIT_A})
    assert asyncio.run(hall.pictures().picture(UNIT_A.key, new_nonce())).picture == PICTURE
    assert hall.asked == ["stranger", "stand"]


def test_of_a_display_that_nobody_enrolled_nothing_is_fetched() -> None:
    hall = Hall({"stranger": STRANGER})
    assert code_of(hall, STRANGER.key) == "display-not-enrolled"
    assert hall.asked == []


def test_two_places_are_asked_for_one_picture_and_four_pictures_at_once() -> None:
    hall = Hall({"a": None, "b": None, "stand": UNIT_A})
    assert code_of(hall) == "no-display-picture"
    assert hall.asked == ["a", "b"]
    assert PLACES_MAX_COUNT == 2

    async def story() -> None:
        hall = Hall({"stand": UNIT_A}, is_slow=asyncio.Event())
        pictures = hall.pictures()
        async with asyncio.TaskGroup() as tasks:
            asked = [
                tasks.create_task(pictures.picture(UNIT_A.key, new_nonce())) for _ in range(AT_ONCE_MAX_COUNT)
            ]
            await asyncio.sleep(0)
            with pytest.raises(ActRefused, match="Too many"):
                await pictures.picture(UNIT_A.key, new_nonce())
            assert hall.is_slow is not None
            hall.is_slow.set()
        assert {one.result().picture for one in asked} == {PICTURE}
        await pictures.picture(UNIT_A.key, new_nonce())

    asyncio.run(story())
    assert AT_ONCE_MAX_COUNT == 4
