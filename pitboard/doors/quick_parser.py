"""Answer at once, before any task is made for it, what a door can answer from memory.

A call costs some four turns of the loop until a handler has answered it. This stands before the parser of
aiohttp's protocol, so a connection's state is always the parser's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp.http_parser import RawRequestMessage


class QuickParser:
    """Hands on what the parser makes of what came, but for a lone call that `answers`."""

    def __init__(self, parser: Any, answers: Callable[[RawRequestMessage], bool]) -> None:
        self._parser = parser
        self._answers = answers

    def feed_data(self, data: bytes) -> tuple[Sequence[Any], bool, bytes]:
        messages, upgraded, tail = self._parser.feed_data(data)
        if len(messages) == 1 and not upgraded and self._answers(messages[0][0]):
            self._parser.message_consumed()
            return (), upgraded, tail
        return messages, upgraded, tail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)
