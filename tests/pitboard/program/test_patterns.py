"""No pattern ends with `$`: it lets a newline through, and a revoked key came back with one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PARTS = ("pitboard", "firmware_bridge", "trackside", "sync", "display", "venue")
ROOT = Path(__file__).parents[3]
REGEX_CALLS = {"compile", "match", "search", "fullmatch", "sub", "finditer", "findall", "split"}


def patterns_of(tree: ast.AST) -> Iterator[str]:
    """Yield every literal that is a regular expression: in a call of re, or as `pattern=`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        found = [keyword.value for keyword in node.keywords if keyword.arg == "pattern"]
        function = node.func
        if (
            isinstance(function, ast.Attribute)
            and function.attr in REGEX_CALLS
            and isinstance(function.value, ast.Name)
            and function.value.id == "re"
        ):
            found += node.args[:1]
        for value in found:
            for part in ast.walk(value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str | bytes):
                    yield part.value if isinstance(part.value, str) else part.value.decode("latin-1")


def has_loose_end(pattern: str) -> bool:
    """Return whether a `$` stands outside of a character class and is not a literal one."""
    in_class = is_escaped = False
    for character in pattern:
        if is_escaped:
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "$":
            return True
    return False


def test_a_loose_end_is_told_from_a_literal_dollar() -> None:
    assert has_loose_end(r"^[0-9a-f]{64}$")
    assert not has_loose_end(r"^[$0-9]\$\Z")


def test_no_pattern_of_ours_has_a_loose_end() -> None:
    patterns = [
        (path.relative_to(ROOT), pattern)
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        for pattern in patterns_of(ast.parse(path.read_text()))
    ]
    assert len(patterns) > 50, "the test no longer finds them"
    assert [one for one in patterns if has_loose_end(one[1])] == []
