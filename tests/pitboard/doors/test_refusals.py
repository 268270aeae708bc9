"""What a caller reads where a call cannot be carried out."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from pitboard.doors.http_api import answer_refusals
from pitboard.errors import JournalLost


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError(), "The disk is too slow"),
        (JournalLost(path="unit.db", reason="it is full"), "it is full"),
    ],
)
def test_who_could_not_be_written_for_reads_why(error: Exception, told: str) -> None:
    """A time that had run out has no text of its own: the sentence ended in nothing."""

    async def handler(request: web.Request) -> web.StreamResponse:
        raise error

    answer = asyncio.run(answer_refusals(make_mocked_request("POST", "/v1/act"), handler))
    assert isinstance(answer, web.Response)
    said = json.loads(answer.text or "")
    assert (answer.status, said["error"]) == (503, "not-saved")
    assert told in said["detail"]
    assert ": ." not in said["detail"]
