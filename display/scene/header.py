"""The top of the screen: the event's name, and the badge that says how old the board is and why."""

from __future__ import annotations

from display.following.badge import Badge
from display.scene.blocks import Area, Block, Fill, Measures, Text
from pitboard.drawing.palette import AMBER, GREEN, TEXT_DARK
from pitboard.drawing.typeface import Weight

_NAME_MIN_PERCENT = 40


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


def badge_block(badge: Badge, measures: Measures) -> Block:
    """Return the badge: green with a word while live, else amber with age and reason."""
    px = measures.px
    area = badge_area(badge, measures)
    pill = Area(area.left, area.top + px(4), area.width, area.height - px(8))
    inside = Area(pill.left + px(24), pill.top, pill.width - px(48), pill.height)
    marks: list[Fill | Text] = [
        Fill(area=pill, colour=GREEN if badge.is_live else AMBER, radius_px=px(14)),
    ]
    headline = badge.headline.upper() if badge.is_live else badge.headline
    if not badge.reason:
        size = px(52 if badge.is_live else 44)
        marks.append(
            Text(
                text=headline,
                area=inside,
                size_px=size,
                least_px=px(24),
                colour=TEXT_DARK,
                align="centre",
            )
        )
        return Block(name="badge", area=area, marks=tuple(marks))
    upper = Area(inside.left, inside.top + px(4), inside.width, px(42))
    lower = Area(inside.left, upper.bottom, inside.width, px(34))
    marks.append(
        Text(text=headline, area=upper, size_px=px(38), least_px=px(24), colour=TEXT_DARK, align="centre")
    )
    marks.append(
        Text(
            text=badge.reason,
            area=lower,
            size_px=px(30),
            least_px=px(20),
            colour=TEXT_DARK,
            weight=Weight.REGULAR,
            align="centre",
        )
    )
    return Block(name="badge", area=area, marks=tuple(marks))
