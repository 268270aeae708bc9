"""Every error that a caller catches by name stands in one file, as it is drawn there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from pitboard import errors
from pitboard.errors import (
    ActRefused,
    AnotherEvent,
    CallRefused,
    ConfigRefused,
    JournalDamaged,
    JournalLost,
    LossCode,
    PeerBusy,
    PeerLost,
    PitboardError,
    StreamTaken,
)

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("pitboard", "firmware_bridge", "trackside", "sync", "display", "venue")


def classes_here() -> dict[str, str]:
    """Return {name: base} of the tree."""
    return {
        name: one.__bases__[0].__name__
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, PitboardError) and one is not PitboardError
    }


def classes_drawn() -> dict[str, str]:
    drawn, above = {}, ["PitboardError"]
    for indent, name in re.findall(r"^((?:│   |    )*)[├└]── (\w+)  ", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        above[depth + 1 :] = [name]
        drawn[name] = above[depth]
    return drawn


def test_the_tree_is_drawn_as_it_is() -> None:
    assert classes_drawn() == classes_here()


def test_no_other_file_has_an_error_of_the_tree() -> None:
    known = {"PitboardError", *classes_here()}
    based = re.compile(rf"^class (\w+)\((?:[^)]*\b)?({'|'.join(sorted(known))})\b", re.MULTILINE)
    elsewhere = [
        f"{path.relative_to(ROOT)}: {match[1]}"
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        if path != ROOT / "pitboard" / "errors.py"
        for match in based.finditer(path.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []


@pytest.mark.parametrize(
    ("error", "may_be_retried"),
    [
        (ConfigRefused(path="f", reason="r"), False),
        (ActRefused(code="c", reason="r"), False),
        (CallRefused("busy", "r", status=503, retry_after_ms=5), True),
        (CallRefused("bad", "r", status=400), False),
        (JournalLost(path="f", reason="r"), True),
        (JournalDamaged(path="f", reason="r"), False),
        (StreamTaken(stream="s", seq=1), False),
        (PeerBusy(peer="p", retry_after_ms=5), True),
        (PeerLost(peer="p", code=LossCode.NO_ANSWER), True),
        (PeerLost(peer="p", code=LossCode.REVOKED), False),
        (PeerLost(peer="p", code=LossCode.OTHER_CERTIFICATE), False),
        (AnotherEvent(peer="p", event="Cup"), False),
    ],
)
def test_each_says_whether_the_same_may_be_tried_again(error: PitboardError, may_be_retried: bool) -> None:
    assert error.may_be_retried is may_be_retried


SAID = r"(?:\b\w+\.(?:reason|detail|sentence)\b|\bstr\((?:error|lost|refused|refusal)\))"
DECIDES = re.compile(
    rf"{SAID}\s*(?:(?:==|!=)\s*f?[\"']|\.(?:startswith|endswith|find|count)\()"
    rf"|[\"']\s+(?:not )?in {SAID}"
)


def test_no_code_decides_by_the_text_of_a_sentence() -> None:
    """A config that could not be read was told by its sentence, a held journal by that of SQLite."""
    assert DECIDES.search('if error.reason.startswith("cannot"):')
    assert DECIDES.search('if "locked" in str(error):')
    assert DECIDES.search("while lost.detail == 'no answer':")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        for match in DECIDES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
