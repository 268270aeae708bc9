"""The arrows of the design, read from the imports."""

from __future__ import annotations

import ast
import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DRAWING = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PARTS = ("pitboard", "firmware_bridge", "trackside", "sync", "display", "venue")
FOR_ALL = {"pitboard/errors.py", "pitboard/clock.py", "pitboard/tasks.py"}
REPEATED_NAMES = {"__init__.py", "__main__.py", "command.py", "config.py", "node.py"}
CLOCK_CALLS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"}


def modules(part: str) -> list[Path]:
    return [path for path in (ROOT / part).rglob("*.py") if "firmware/" not in path.as_posix()]


ALL_MODULES = [path for part in PARTS for path in modules(part)]


def part_arrows() -> dict[str, set[str]]:
    """Return {part: parts it may import} from the table of ARCHITECTURE.md."""
    rows = re.findall(r"^\| [^|]+ \| `(\w+)/` \| ([^|]+) \|$", DRAWING, re.MULTILINE)
    return {
        part: set(PARTS) if may == "all" else set(re.findall(r"`(\w+)`", may)) | {part} for part, may in rows
    }


def room_arrows() -> dict[str, set[str]]:
    """Return {room: rooms it may import} from the block of arrows in ARCHITECTURE.md."""
    block = DRAWING.partition("## The rooms")[2].partition("```\n")[2].partition("```")[0]
    arrows: dict[str, set[str]] = {}
    for line in re.sub(r",\n +", ", ", block).splitlines():
        room, arrow, targets = line.partition(" -> ")
        if arrow and targets not in ("all", "nothing of ours"):
            arrows[room] = {room, *(one for name in targets.split(", ") for one in rooms_called(name))}
        elif arrow:
            arrows[room] = {room}
    return arrows


def rooms_called(name: str) -> set[str]:
    """Return the room of this name; where it ends with `/*`, the rooms within it too."""
    room = name.removesuffix("/*")
    whole = room if room.split("/")[0] in PARTS else f"pitboard/{room}"
    inner = {room_of(file) for file in IMPORTS if file.startswith(f"{whole}/")}
    return {whole} | (inner if name.endswith("/*") else set())


def imported_modules(path: Path) -> set[str]:
    """Return the files of ours that a module imports, as paths below the root."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    own = {name.replace(".", "/") for name in names if name.split(".")[0] in PARTS}
    return {
        file for name in own for file in (f"{name}.py", f"{name}/__init__.py") if (ROOT / file).is_file()
    } - {f"{part}/__init__.py" for part in PARTS}


def room_of(file: str) -> str:
    return file.rpartition("/")[0]


IMPORTS = {path.relative_to(ROOT).as_posix(): imported_modules(path) for path in ALL_MODULES}


def test_every_import_between_parts_is_an_arrow_of_the_drawing() -> None:
    arrows = part_arrows()
    assert set(arrows) == set(PARTS)
    new_arrows = [
        f"{file} -> {target}"
        for file, targets in IMPORTS.items()
        for target in targets
        if target.split("/")[0] not in arrows[file.split("/")[0]]
    ]
    assert new_arrows == []


def test_every_import_between_rooms_is_an_arrow_of_the_drawing() -> None:
    arrows = room_arrows()
    new_arrows = [
        f"{file} -> {target}"
        for file, targets in IMPORTS.items()
        for target in targets - FOR_ALL
        if not file.startswith("venue/")
        and room_of(file) != "pitboard"
        # Who may import a room may use a name that its front gives.
        and room_of(target) not in arrows.get(room_of(file), set())
    ]
    assert new_arrows == []


def test_every_room_of_the_drawing_is_there_and_says_what_lives_in_it() -> None:
    rooms = {room_of(file) for file in IMPORTS if not file.startswith("venue/")} - {"pitboard"}
    assert rooms == set(room_arrows()) - {"venue"}
    silent = [
        room for room in rooms if not ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text()))
    ]
    assert silent == []


def test_no_two_files_import_each_other_in_a_circle() -> None:
    try:
        list(TopologicalSorter(IMPORTS).static_order())
    except CycleError as error:
        circle = error.args[1]
        pytest.fail(" -> ".join(circle))


def test_a_file_name_stands_once_in_the_tree() -> None:
    seen = Counter(path.name for path in ALL_MODULES if path.name not in REPEATED_NAMES)
    assert [name for name, count in seen.items() if count > 1] == []


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


MAY_MAKE_TASKS = {
    "pitboard/tasks.py",
    "venue/simulator/world/process.py",  # the simulation's own process, which reports every end
    "venue/simulator/world/virtual_loop.py",
    "display/following/source_follower.py",  # waits for both in the function that makes them
}


def bare_tasks(path: Path) -> list[int]:
    """Return the lines that make a task which belongs to no TaskGroup, so that it could die unseen."""
    lines = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = ast.unparse(node.func.value)
        is_bare = owner == "asyncio" or "loop" in owner.lower()
        if node.func.attr in ("create_task", "ensure_future", "run_coroutine_threadsafe") and is_bare:
            lines.append(node.lineno)
    return lines


def test_nobody_makes_a_task_that_could_die_unseen() -> None:
    found = {str(path.relative_to(ROOT)): lines for path in ALL_MODULES if (lines := bare_tasks(path))}
    assert set(found) <= MAY_MAKE_TASKS, found
    assert "pitboard/tasks.py" in found
