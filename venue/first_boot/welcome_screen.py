"""What the screen of a machine without a set-up shows: what it is, where its page is, and the code."""

from __future__ import annotations

from dataclasses import dataclass

import pygame
import segno

from pitboard.drawing.palette import AMBER, BACKGROUND, RED_BRIGHT, TEXT, TEXT_MUTED
from pitboard.drawing.pen import Pen
from pitboard.drawing.typeface import Typeface
from pitboard.sentences.language import Language

_QUIET_MODULES = 4
_MARGIN_PERMILLE = 50
_SAID_SIZE = 2.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """`address` is the page's, empty while there is no network; `said` is what went wrong."""

    host: str
    address: str
    code: str
    said: str = ""
    is_busy: bool = False


def draw_welcome(target: pygame.Surface, welcome: Welcome, typeface: Typeface, words: Language) -> None:
    """Draw all of it, sized by the smaller side, so that it reads on a panel and on a television."""
    width, height = target.get_size()
    is_portrait = height > width
    margin = max(8, min(width, height) * _MARGIN_PERMILLE // 1_000)
    inner = width - 2 * margin
    pen = Pen(target, typeface, unit=width / 70 if is_portrait else min(width, height * 16 // 9) / 100)
    target.fill(BACKGROUND)
    pen.go(margin, margin, inner)
    pen.write(words.say("display.welcome-head", host=welcome.host), 4.8, TEXT, lines=2)
    pen.y += margin // 2
    if welcome.is_busy:
        pen.write(words.say("display.welcome-busy"), 4.5, AMBER, lines=3)
        return
    if not welcome.address:
        pen.write(words.say("display.welcome-no-network"), 4.5, AMBER, lines=3)
        return
    top = pen.y
    said_px = pen.height(welcome.said, _SAID_SIZE, inner, lines=3)
    room = height - margin - top - said_px
    side = min(room * 45 // 100, inner) if is_portrait else min(room, width * 36 // 100)
    side = _draw_code_square(target, welcome.address, margin, top, side)
    if is_portrait:
        pen.go(margin, top + side + margin // 2, inner)
    else:
        pen.go(2 * margin + side, top, inner - side - margin)
    pen.write(words.say("display.welcome-scan"), 2.9, TEXT_MUTED, lines=2)
    pen.write(welcome.address, 3.6, TEXT)
    pen.y += margin // 2
    pen.write(words.say("display.welcome-code"), 2.9, TEXT_MUTED, lines=2)
    pen.write(f"{welcome.code[:4]} {welcome.code[4:]}", 8.5, AMBER)
    if welcome.said:
        pen.go(margin, height - margin - said_px, inner)
        pen.write(welcome.said, _SAID_SIZE, RED_BRIGHT, lines=3)
    else:
        pen.y += margin // 3
        pen.write(words.say("display.welcome-warns"), 2.4, TEXT_MUTED, lines=3)


def _draw_code_square(target: pygame.Surface, text: str, left: int, top: int, side: int) -> int:
    """Draw the QR code on white with the margin that a camera needs; return its side in pixels."""
    matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    step = max(1, side // (len(matrix) + 2 * _QUIET_MODULES))
    side = step * (len(matrix) + 2 * _QUIET_MODULES)
    target.fill((255, 255, 255), (left, top, side, side))
    for row, modules in enumerate(matrix):
        for column, is_dark in enumerate(modules):
            if is_dark:
                at = (
                    left + (column + _QUIET_MODULES) * step,
                    top + (row + _QUIET_MODULES) * step,
                    step,
                    step,
                )
                target.fill((0, 0, 0), at)
    return side
