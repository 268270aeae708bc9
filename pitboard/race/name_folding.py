"""Fold a name so that what people type finds it: no case, no accents, no widths.

The same fold is applied to the name and to what was typed, so it may lose what it likes."""

from __future__ import annotations

import unicodedata

# Letters that Unicode does not take apart, as people without that key type them.
_PLAIN = str.maketrans(
    {"ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)


def fold_name(text: str) -> str:
    """Return the text without case, accents, widths, invisible signs and doubled spaces."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(sign for sign in decomposed if not _is_dropped(sign))
    return " ".join(kept.translate(_PLAIN).split())


def _is_dropped(sign: str) -> bool:
    return unicodedata.combining(sign) != 0 or unicodedata.category(sign) == "Cf"
