"""The page with the board's first rows in its HTML: a board before any script runs, or where none does."""

from __future__ import annotations

import re
from html import escape

from pitboard.drawing.amount_text import amount_text
from pitboard.drawing.time_text import format_lap_ns
from pitboard.journal.views.views import BoardView, EntryView, EventView
from pitboard.race.bodies.calculated import SIGN
from pitboard.race.ranking.score import Column
from pitboard.sentences.language import Language, language

FIRST_ROWS_COUNT = 50
ROWS_MARK = "<!--FIRST_ROWS-->"
EVENT_MARK = "<!--EVENT_NAME-->"
PREVIEW_MARK = "<!--PREVIEW-->"
_TITLE = "<title>Pitboard</title>"
_TOLD_APART = ("laps", "runs")
"""Every row says these."""
_FIGURE = re.compile(r"[0-9:.]*")


def with_first_rows(page: str, board: BoardView, words: Language | None = None) -> str:
    """Return the page for this board in that language; names go in as text, whatever they hold."""
    words = words or language()
    rows = "\n".join(
        _row(entry, board.event.resolution_ns, words) for entry in board.entries[:FIRST_ROWS_COUNT]
    )
    return page.replace(EVENT_MARK, escape(board.event.name)).replace(ROWS_MARK, rows)


def without_rows(page: str) -> str:
    """Return the page as phones keep it: the rows come from what else they keep."""
    return page.replace(EVENT_MARK, "Pitboard").replace(ROWS_MARK, "").replace(PREVIEW_MARK, "")


CARD = "card.png"
"""The picture of a preview: 1200 by 630, as messengers want it."""


def with_preview(
    page: str,
    event: EventView,
    name: str,
    entry: EntryView | None,
    origin: str,
    words: Language | None = None,
) -> str:
    """Return the page as a link to a competitor opens it: where it is sent, its preview says who, and how."""
    words = words or language()
    told = []
    if entry is not None and entry.rank is not None:
        told.append(f"{entry.rank}.")
    if entry is not None and _first(entry).value is not None:
        told.append(_result(entry, event.resolution_ns, words))
    title = escape(" · ".join([name, *told]))
    made = "" if entry is None else _made(entry, words)
    about = escape(" · ".join(filter(None, (event.name, made))))
    marks = {"og:type": "website", "og:title": title, "og:description": about}
    if origin:
        marks |= {"og:image": f"{escape(origin)}/{CARD}", "og:image:width": "1200", "og:image:height": "630"}
    metas = "\n".join(f'<meta property="{mark}" content="{text}">' for mark, text in marks.items())
    return page.replace(_TITLE, f"<title>{title}</title>").replace(PREVIEW_MARK, metas)


def _row(entry: EntryView, resolution_ns: int, words: Language) -> str:
    rank = "–" if entry.rank is None else str(entry.rank)
    result = _result(entry, resolution_ns, words)
    gap = _gap(entry, resolution_ns, words)
    # The blanks between are read where no style sheet sets the parts apart.
    return (
        f'<li><span class="row"><span class="rank">{rank}</span> <span class="who"><span class="line">'
        f'<bdi class="name" dir="auto">{escape(entry.name)}</bdi></span> '
        f'<span class="detail">{escape(_detail(entry, resolution_ns, words))}</span>'
        f'</span> <span class="result"><span class="time">{result}</span> '
        f'<span class="gap">{gap}</span></span></span></li>'
    )


def _detail(entry: EntryView, resolution_ns: int, words: Language) -> str:
    if entry.is_disqualified:
        return words.say("page.disqualified")
    laps = "" if _first(entry).code == "laps" else words.say("page.laps", count=entry.laps)
    further = (
        f"{_column_name(column.code, words)} {_bare(column, resolution_ns)}"
        for column in entry.columns[1:]
        if column.value is not None and column.code not in _TOLD_APART
    )
    parts = (laps, words.say("page.runs", count=entry.runs), *further, _made(entry, words))
    return " · ".join(filter(None, parts))


def _first(entry: EntryView) -> Column:
    """Return what the entry is ranked by."""
    return entry.columns[0] if entry.columns else Column("best", "duration_ns", entry.best_ns)


def _result(entry: EntryView, resolution_ns: int, words: Language) -> str:
    first = _first(entry)
    text = amount_text(first.kind, first.value, words.say, resolution_ns=resolution_ns)
    return _with_sign(SIGN, text, words) if entry.calculated and first.value is not None else text


def _gap(entry: EntryView, resolution_ns: int, words: Language) -> str:
    gap = entry.gap
    if gap is None or not gap.value:
        return ""
    sign = "−" if gap.value < 0 else "+"
    text = amount_text(gap.kind, abs(gap.value), words.say, resolution_ns=resolution_ns)
    return _with_sign(sign, text, words)


def _with_sign(sign: str, text: str, words: Language) -> str:
    """Return the text with the sign before its figure, on the same side of it in any language."""
    if not words.is_right_to_left:
        return sign + text
    return _FIGURE.sub(lambda figure: f"\u2066{sign}{figure[0]}\u2069", text, count=1)


def _bare(column: Column, resolution_ns: int) -> str:
    if column.kind == "duration_ns" and column.value is not None:
        return format_lap_ns(column.value, resolution_ns=resolution_ns)
    return str(column.value)


def _column_name(code: str, words: Language) -> str:
    said = f"result.column.{code}"
    if code.startswith("run_"):
        return words.say("page.run-number", number=code.removeprefix("run_"))
    return words.say(said) if words.knows(said) else code.replace("_", " ")


def _made(entry: EntryView, words: Language) -> str:
    """Return from what a calculated result is and how sure, nothing where all was measured."""
    least_sure = max(entry.calculated, key=lambda mark: mark.uncertainty_ns, default=None)
    if least_sure is None:
        return ""
    ms = -(-least_sure.uncertainty_ns // 1_000_000)
    return words.say("page.lap.calculated", system=least_sure.from_system, ms=ms)
