"""A screen with one sentence and what to do: all that a program shows that cannot start.

How the glass hangs is read from the program's config as far as that can be read; else the whole screen."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar, get_args

import pygame

from pitboard.clock import SystemClock
from pitboard.drawing.palette import AMBER, BACKGROUND, TEXT, TEXT_MUTED
from pitboard.drawing.panel import OVERSCAN_MAX_PERCENT, Turn
from pitboard.drawing.pen import Pen
from pitboard.drawing.typeface import Typeface
from pitboard.drawing.window import Hanging, Window
from pitboard.errors import ConfigRefused, PitboardError
from pitboard.program.config import read_toml
from pitboard.sentences.language import LANGUAGES, Language, language
from pitboard.sentences.spoken_error import spoken

_SIDES_PX = range(240, 8_193)
_SENTENCE_LINES = 7
Choice = TypeVar("Choice")


def draw_notice(target: pygame.Surface, sentence: str, typeface: Typeface, words: Language) -> None:
    """Draw all of it, sized by the screen, so that it reads on a panel and on a television."""
    width, height = target.get_size()
    margin = max(8, min(width, height) // 16)
    inner = width - 2 * margin
    is_portrait = height > width
    pen = Pen(target, typeface, unit=width / 70 if is_portrait else min(width, height * 16 // 9) / 100)
    target.fill(BACKGROUND)
    pen.go(margin, margin, inner)
    pen.write(words.say("display.cannot-start"), 4.8, AMBER, lines=2)
    pen.y += margin // 2
    pen.write(sentence, 3.4, TEXT, lines=_SENTENCE_LINES)
    pen.y += margin // 2
    pen.write(words.say("display.starts-by-itself"), 2.6, TEXT_MUTED, lines=3)


class SentenceScreen:
    """Opens the screen, or waits for one to come, and shows a sentence until it is closed."""

    def __init__(self, config_path: Path) -> None:
        table = _table_of(config_path)
        self._clock = SystemClock()
        self._words = language(_chosen(table, "language", LANGUAGES, "en"))
        self._shown: tuple[str, tuple[int, int]] | None = None
        self._typeface: Typeface | None = None
        self._stack = ExitStack()
        size = _size_of(table)
        self._window = self._stack.enter_context(
            Window.open(
                title="Pitboard",
                size=size,
                is_fullscreen=table.get("fullscreen") is not False,
                hanging=_hanging_of(table),
                now_mono_ns=self._clock.mono_ns(),
            )
        )

    def show(self, error: PitboardError) -> None:
        """Put the sentence on the glass. SDL tells of a SIGTERM as a closed window; it ends the program."""
        if any(event.type == pygame.QUIT for event in self._window.events()):
            raise SystemExit(0)
        has_come = self._window.look(self._clock.mono_ns())
        surface = self._window.surface
        wanted = (spoken(error, self._words), surface.get_size())
        if has_come or wanted != self._shown:
            self._typeface = self._typeface or Typeface.load()
            draw_notice(surface, wanted[0], self._typeface, self._words)
            self._shown = wanted
        self._window.present([(0, 0, *surface.get_size())])

    def close(self) -> None:
        self._stack.close()


def _table_of(config_path: Path) -> Mapping[str, object]:
    with suppress(ConfigRefused):
        return read_toml(config_path)
    return {}


def _hanging_of(table: Mapping[str, object]) -> Hanging:
    rotate: Turn = _chosen(table, "rotate", get_args(Turn), 0)
    overscan = table.get("overscan_percent")
    if isinstance(overscan, int) and 0 <= overscan <= OVERSCAN_MAX_PERCENT:
        return Hanging(rotate=rotate, overscan_percent=overscan)
    return Hanging(rotate=rotate)


def _size_of(table: Mapping[str, object]) -> tuple[int, int] | None:
    """Return the size that a display or a touchscreen gives; None means the screen's own."""
    given = table.get("size", [table.get("width"), table.get("height")])
    if not isinstance(given, list) or len(given) != 2:
        return None
    width, height = given
    if type(width) is int and type(height) is int and width in _SIDES_PX and height in _SIDES_PX:
        return width, height
    return None


def _chosen(table: Mapping[str, object], key: str, among: tuple[Choice, ...], otherwise: Choice) -> Choice:
    value = table.get(key)
    return next((one for one in among if type(one) is type(value) and one == value), otherwise)
