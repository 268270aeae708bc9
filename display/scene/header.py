"""The top of the screen: the event's name, and the badge that says how old the board is and why."""

from __future__ import annotations

from display.following.badge import Badge
from display.scene.blocks import Area, Block, Fill, Mark, Measures, Text
from pitboard.drawing.palette import AMBER, GREEN, PANEL, TEXT, TEXT_DARK
from pitboard.drawing.typeface import Weight
from pitboard.sentences.language import Language

_NAME_MIN_PERCENT = 40


def header_blocks(name: str, badge: Badge, measures: Measures, words: Language) -> list[Block]:
    """Return title and badge, the same on every scene."""
    return [title_block(name, measures, badge_area(badge, measures)), badge_block(badge, measures, words)]


def title_block(name: str, measures: Measures, badge_area: Area) -> Block:
    """Return the event's name, from the left edge up to the badge."""
    header = measures.header
    area = Area(header.left, header.top, badge_area.left - header.left - measures.px(24), header.height)
    text = Text(text=name, area=area, size_px=measures.px(62), least_px=measures.px(38))
    return Block(name="title", area=area, marks=(text,))


def badge_area(badge: Badge, measures: Measures) -> Area:
    """Return the place of the badge: small while live, as wide as its sentence otherwise."""
    header, px = measures.header, measures.px
    if badge.is_live:
        wished = px(330 if badge.reason else 230)
    else:
        text_px = max(len(badge.headline) * px(26), len(badge.reason) * px(17)) + px(60)
        step = px(120)  # so that a growing age does not move the edge each second
        wished = -(-text_px // step) * step
    width = min(wished, header.width * (100 - _NAME_MIN_PERCENT) // 100)
    return Area(header.right - width, header.top, width, header.height)


def badge_block(badge: Badge, measures: Measures, words: Language) -> Block:
    """Return the badge: quiet with a green lamp while live, else amber with age and reason."""
    px = measures.px
    area = badge_area(badge, measures)
    pill = Area(area.left, area.top + px(4), area.width, area.height - px(8))
    inside = Area(pill.left + px(24), pill.top, pill.width - px(48), pill.height)
    is_live = badge.is_live
    ink = TEXT if is_live else TEXT_DARK
    marks: list[Mark] = [Fill(area=pill, colour=PANEL if is_live else AMBER, radius_px=px(14))]
    if is_live:
        lamp = Area(inside.left, pill.top + (pill.height - px(26)) // 2, px(26), px(26))
        marks.append(Fill(area=lamp, colour=GREEN, radius_px=lamp.height // 2))
        inside = Area(lamp.right + px(14), inside.top, inside.right - lamp.right - px(14), inside.height)
    headline = words.say("display.live") if is_live else badge.headline
    if not badge.reason:
        size = px(40 if is_live else 44)
        marks.append(
            Text(text=headline, area=inside, size_px=size, least_px=px(24), colour=ink, align="centre")
        )
        return Block(name="badge", area=area, marks=tuple(marks))
    upper = Area(inside.left, inside.top + px(4), inside.width, px(42))
    lower = Area(inside.left, upper.bottom, inside.width, px(34))
    marks.append(Text(text=headline, area=upper, size_px=px(38), least_px=px(24), colour=ink, align="centre"))
    marks.append(
        Text(
            text=badge.reason,
            area=lower,
            size_px=px(30),
            least_px=px(20),
            colour=ink,
            weight=Weight.REGULAR,
            align="centre",
        )
    )
    return Block(name="badge", area=area, marks=tuple(marks))
