"""Read a gettext catalogue (.po) as it is, so that nothing has to be compiled.

Source of the format: the GNU gettext manual, "The Format of PO Files"."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from gettext import c2py

PLURAL_HEADER = "Plural-Forms:"
GERMANIC = "n != 1"


@dataclass(slots=True)
class Entry:
    """One code: its text, or one text for each plural form of the language."""

    code: str = ""
    plural: str = ""
    texts: dict[int, str] = field(default_factory=dict)


def read_po(text: str) -> list[Entry]:
    """Return the entries; the first, with an empty code, is the header. Raises ValueError with the line."""
    entries: list[Entry] = []
    target = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        keyword, _, quoted = (target, "", line) if line.startswith('"') else line.partition(" ")
        value = _unquoted(quoted, number)
        if keyword == "msgid" and not line.startswith('"'):
            entries.append(Entry())
        if not entries:
            raise ValueError(f"line {number}: a text before any msgid")
        _add(entries[-1], keyword, value, number)
        target = keyword
    return entries


def plural_rule(entries: Sequence[Entry]) -> Callable[[int], int]:
    """Return which plural form belongs to a number, as the header says; else one and the rest."""
    header = next((entry.texts.get(0, "") for entry in entries if not entry.code), "")
    told = [line for line in header.splitlines() if line.startswith(PLURAL_HEADER)]
    _, found, rule = told[0].partition("plural=") if told else ("", "", "")
    return c2py(rule.strip().rstrip(";") if found else GERMANIC)


def _add(entry: Entry, keyword: str, value: str, number: int) -> None:
    if keyword == "msgid":
        entry.code += value
    elif keyword == "msgid_plural":
        entry.plural += value
    elif keyword == "msgstr":
        entry.texts[0] = entry.texts.get(0, "") + value
    elif keyword.startswith("msgstr[") and keyword.endswith("]") and keyword[7:-1].isdigit():
        form = int(keyword[7:-1])
        entry.texts[form] = entry.texts.get(form, "") + value
    else:
        raise ValueError(f"line {number}: unknown keyword '{keyword}'")


def _unquoted(quoted: str, number: int) -> str:
    quoted = quoted.strip()
    plain = quoted[1:-1]
    if len(quoted) >= 2 and quoted[0] == quoted[-1] == '"' and '"' not in plain and "\\" not in plain:
        return plain  # as nearly all are: a thousand times through the parser take 20 ms of each start
    try:
        value = ast.literal_eval(quoted)
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"line {number}: not a quoted text") from error
    if not isinstance(value, str):
        raise ValueError(f"line {number}: not a quoted text")
    return value
