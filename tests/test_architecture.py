"""The arrows of the design, read from the imports."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("pitboard", "firmware_bridge", "trackside", "sync", "display")
MAY_IMPORT = {
    "pitboard": set[str](),
    "firmware_bridge": {"pitboard"},
    "sync": {"pitboard"},
    "trackside": {"pitboard", "firmware_bridge", "sync"},
    "display": {"pitboard", "sync"},
}
CLOCK_CALLS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"}


def modules(part: str) -> list[Path]:
    return [path for path in (ROOT / part).rglob("*.py") if "firmware/" not in path.as_posix()]


def imported_parts(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return {name.split(".")[0] for name in names} & set(PARTS)


def test_every_import_between_parts_is_an_arrow_of_the_design() -> None:
    new_arrows = [
        f"{path.relative_to(ROOT)} -> {target}"
        for part in PARTS
        for path in modules(part)
        for target in imported_parts(path) - MAY_IMPORT[part] - {part}
    ]
    assert new_arrows == []


def test_only_the_clock_module_asks_the_time() -> None:
    offenders = []
    for part in PARTS:
        for path in modules(part):
            if path == ROOT / "pitboard" / "clock.py":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "time"
                    and node.func.attr in CLOCK_CALLS
                ):
                    offenders.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert offenders == []


def test_systemd_folder_holds_no_python() -> None:
    assert list((ROOT / "systemd").rglob("*.py")) == []
