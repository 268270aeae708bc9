"""What only a person can mend is told at once; another loss is tried again as long as a finger waits."""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.unit_api.official_acts import Stop
from pitboard.unit_api.unit_client import RETRY_PAUSE_MS, UnitLink


class RefusingSession:
    """A socket that gives the same error at each call; time passes with every one."""

    def __init__(self, code: int, clock: ScriptedClock) -> None:
        self._code = code
        self._clock = clock
        self.count = 0

    def request(self, method: str, url: str, **details: Any) -> Any:
        self.count += 1
        self._clock.advance(ms=1)
        if self.count > 1:
            self._clock.advance(ms=10 * RETRY_PAUSE_MS)
        raise OSError(self._code, "no")


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EACCES, LossCode.NOT_PERMITTED), (errno.ECONNREFUSED, LossCode.NO_ANSWER)],
)
def test_what_only_a_person_can_mend_keeps_its_own_code(number: int, code: LossCode) -> None:
    async def story() -> None:
        clock = ScriptedClock()
        session = RefusingSession(number, clock)
        link = UnitLink(session, clock)  # type: ignore[arg-type]
        with pytest.raises(PeerLost) as lost:
            await link.act(Stop(run_id="r1", mono_ns=1))
        assert lost.value.code == code

    asyncio.run(story())


def test_what_only_a_person_can_mend_is_tried_once() -> None:
    async def story() -> None:
        clock = ScriptedClock()
        session = RefusingSession(errno.EACCES, clock)
        with pytest.raises(PeerLost):
            await UnitLink(session, clock).act(Stop(run_id="r1", mono_ns=1))  # type: ignore[arg-type]
        assert session.count == 1

    asyncio.run(story())
