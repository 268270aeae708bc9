"""Work in a process of its own: its answer, its status, and an end whatever it does."""

from __future__ import annotations

import asyncio

import pytest

from pitboard.program.work_aside import done_aside


@pytest.mark.parametrize(
    ("question", "within_s", "status", "answer"),
    [
        (b"[1]", 30.0, 0, b"[\n    1\n]\n"),
        (b"[", 30.0, 1, b""),
        (b"[1]", 0.0, -9, b""),
    ],
)
def test_it_gives_answer_and_status_and_what_takes_too_long_is_killed(
    question: bytes, within_s: float, status: int, answer: bytes
) -> None:
    assert asyncio.run(done_aside("json.tool", question, within_s=within_s)) == (status, answer)
