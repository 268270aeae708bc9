"""Every error that a caller catches by name stands in one file, as it is drawn there."""

from __future__ import annotations

import ast
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
    elsewhere = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        if path != ROOT / "pitboard" / "errors.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in known for base in node.bases)
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
