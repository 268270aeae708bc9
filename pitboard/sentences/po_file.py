"""Read a gettext catalogue (.po) as Python's `gettext` wants it (.mo), so that nothing has to be compiled.

Source of both formats: the GNU gettext manual, "The Format of PO Files", "The Format of GNU MO Files"."""

from __future__ import annotations

import ast
import io
import struct
from dataclasses import dataclass, field
from gettext import GNUTranslations

_MO_MAGIC = 0x950412DE


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


def translations(entries: list[Entry]) -> GNUTranslations:
    """Return the entries as `gettext` looks them up, with the language's own plural rule."""
    return GNUTranslations(io.BytesIO(_as_mo(entries)))


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
    try:
        value = ast.literal_eval(quoted.strip())
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"line {number}: not a quoted text") from error
    if not isinstance(value, str):
        raise ValueError(f"line {number}: not a quoted text")
    return value


def _as_mo(entries: list[Entry]) -> bytes:
    pairs = sorted(
        (
            f"{entry.code}\0{entry.plural}".encode() if entry.plural else entry.code.encode(),
            "\0".join(entry.texts[form] for form in sorted(entry.texts)).encode(),
        )
        for entry in entries
    )
    count = len(pairs)
    offset, index, body = 28 + 16 * count, [b"", b""], b""
    for which in (0, 1):
        for pair in pairs:
            index[which] += struct.pack("<II", len(pair[which]), offset + len(body))
            body += pair[which] + b"\0"
    head = struct.pack("<7I", _MO_MAGIC, 0, count, 28, 28 + 8 * count, 0, offset)
    return head + index[0] + index[1] + body
