"""The page with the board's first rows in its HTML: a board before any script runs, or where none does."""

from __future__ import annotations

from html import escape

from pitboard.drawing.time_text import format_gap_ns, format_lap_ns
from pitboard.journal.views.views import BoardView, EntryView, EventView
from pitboard.race.bodies.calculated import SIGN, short_text

FIRST_ROWS_COUNT = 50
ROWS_MARK = "<!--FIRST_ROWS-->"
EVENT_MARK = "<!--EVENT_NAME-->"
PREVIEW_MARK = "<!--PREVIEW-->"
_TITLE = "<title>Pitboard</title>"


def with_first_rows(page: str, board: BoardView) -> str:
    """Return the page for this board; names go in as text, whatever they hold."""
    rows = "\n".join(_row(entry, board.event.resolution_ns) for entry in board.entries[:FIRST_ROWS_COUNT])
    return page.replace(EVENT_MARK, escape(board.event.name)).replace(ROWS_MARK, rows)


def without_rows(page: str) -> str:
    """Return the page as phones keep it: the rows come from what else they keep."""
    return page.replace(EVENT_MARK, "Pitboard").replace(ROWS_MARK, "").replace(PREVIEW_MARK, "")


CARD = "card.png"
"""The picture of a preview: 1200 by 630, as messengers want it."""


def with_preview(page: str, event: EventView, name: str, entry: EntryView | None, origin: str) -> str:
    """Return the page as a link to a competitor opens it: where it is sent, its preview says who, and how."""
    told = []
    if entry is not None and entry.rank is not None:
        told.append(f"{entry.rank}.")
    if entry is not None and entry.best_ns is not None:
        told.append(_best(entry, event.resolution_ns))
    title = escape(" · ".join([name, *told]))
    made = short_text(() if entry is None else entry.calculated)
    about = escape(" · ".join(filter(None, (event.name, made))))
    marks = {"og:type": "website", "og:title": title, "og:description": about}
    if origin:
        marks |= {"og:image": f"{escape(origin)}/{CARD}", "og:image:width": "1200", "og:image:height": "630"}
    metas = "\n".join(f'<meta property="{mark}" content="{text}">' for mark, text in marks.items())
    return page.replace(_TITLE, f"<title>{title}</title>").replace(PREVIEW_MARK, metas)


def _row(entry: EntryView, resolution_ns: int) -> str:
    rank = "–" if entry.rank is None else str(entry.rank)
    best = _best(entry, resolution_ns)
    gap = format_gap_ns(entry.gap_ns, resolution_ns=resolution_ns) if entry.gap_ns else ""
    detail = (
        "Disqualified"
        if entry.is_disqualified
        else f"{_counted(entry.laps, 'lap')} · {_counted(entry.runs, 'run')}"
    )
    if entry.calculated and not entry.is_disqualified:
        detail = f"{detail} · {escape(short_text(entry.calculated))}"
    # The blanks between are read where no style sheet sets the parts apart.
    return (
        f'<li><span class="row"><span class="rank">{rank}</span> <span class="who"><span class="line">'
        f'<bdi class="name" dir="auto">{escape(entry.name)}</bdi></span> <span class="detail">{detail}</span>'
        f'</span> <span class="result"><span class="time">{best}</span> <span class="gap">{gap}</span></span>'
        "</span></li>"
    )


def _best(entry: EntryView, resolution_ns: int) -> str:
    if entry.best_ns is None:
        return "no time"
    return SIGN * bool(entry.calculated) + format_lap_ns(entry.best_ns, resolution_ns=resolution_ns)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
