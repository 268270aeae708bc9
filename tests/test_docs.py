"""What the pages promise is there: commands, links, and config examples that load."""

from __future__ import annotations

import itertools
import re
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

import click
import msgspec
import pytest

from display.config import DisplayConfig
from firmware_bridge.config import BridgeConfig
from pitboard.program.command_line import COMMAND_GROUP, pitboard
from pitboard.program.config import load_config
from pitboard.race.bodies.formats import FormatConfig
from sync.central.config import CentralConfig
from sync.command import SyncConfig
from sync.mirror.config import MirrorConfig
from trackside.config import TracksideConfig
from trackside.touch.command import TouchConfig
from venue.set_up.config_command import keys_of as documented_keys_of
from venue.set_up.config_keys import KEYS
from venue.set_up.venue_file import VenueFile

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("systemd/*.md")])
PAGE_NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
PARTS = ("pitboard", "firmware_bridge", "trackside", "sync", "display", "venue")
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What a page leaves to another page, so that its part can be loaded.
BRIDGE_REST = 'spool_folder = "raw"\n[api]\nsocket = "trackside.sock"\n'
CONFIGS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "bridge.md": (BridgeConfig, ""),
    "broker.md": (MirrorConfig, ""),
    "central.md": (CentralConfig, ""),
    "display.md": (DisplayConfig, ""),
    "formats.md": (FormatConfig, ""),
    "gpio.md": (BridgeConfig, BRIDGE_REST),
    "sensors.md": (BridgeConfig, BRIDGE_REST),
    "sync.md": (SyncConfig, ""),
    "touch.md": (TouchConfig, ""),
    "trackside.md": (TracksideConfig, ""),
    "venue.md": (VenueFile, ""),
}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def with_whole_keys(example: str) -> str:
    """Put a key of its own where the example shortens one to an ellipsis."""
    numbers = itertools.count()
    return re.sub(r'"[0-9a-f]*…"', lambda _: f'"{next(numbers):064x}"', example)


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_config_example_loads(name: str, tmp_path: Path) -> None:
    page = ROOT / name
    for example in blocks(page, "toml"):
        config_type, rest = CONFIGS[page.name]
        path = tmp_path / "example.toml"
        path.write_text(rest + with_whole_keys(example), encoding="utf-8")
        load = getattr(config_type, "load", partial(load_config, config_type))
        assert isinstance(load(path), config_type)


@pytest.mark.parametrize("name", [name for name, (_, rest) in CONFIGS.items() if not rest])
def test_every_key_of_a_config_stands_on_its_page(name: str) -> None:
    config_type, _ = CONFIGS[name]
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    if config_type is BridgeConfig:  # a sensor's keys are shared among three pages
        text += "".join(
            (ROOT / "docs" / other).read_text(encoding="utf-8") for other in ("sensors.md", "gpio.md")
        )
    missing = [key for key in keys_of(config_type) if not re.search(rf"\b{key}\b", text)]
    assert not missing, f"docs/{name} says nothing of {missing}"


def keys_of(config_type: type) -> list[str]:
    found = []
    for field in msgspec.structs.fields(config_type):
        found.append(field.encode_name)
        inner = msgspec.inspect.type_info(field.type)
        while isinstance(inner, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
            inner = inner.item_type
        if isinstance(inner, msgspec.inspect.StructType):
            found += keys_of(inner.cls)
    return found


@pytest.mark.parametrize("program", KEYS)
def test_every_key_has_its_sentence_for_pitboard_config_explain(program: str) -> None:
    assert {key.name for key in documented_keys_of(program)} == set(KEYS[program])
    assert all(sentence.endswith(".") for sentence in KEYS[program].values())


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            file = target.partition("#")[0]
            assert not file or (page.parent / file).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_page_that_a_page_names_is_there(name: str) -> None:
    for target in re.findall(r"`((?:docs/)?[\w-]+\.md)`", (ROOT / name).read_text(encoding="utf-8")):
        assert any((folder / target).exists() for folder in (ROOT, ROOT / "docs")), f"{name} names {target}"


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_file_that_a_page_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    parts = "pitboard|firmware_bridge|trackside|sync|display|venue|tests|bench|deploy|systemd"
    named = set(re.findall(rf"`((?:{parts})/[\w./-]*)`", text))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


LINE_MAX_LENGTH = 119


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_lines_of_a_page_are_short_enough_to_read_beside_the_code(name: str) -> None:
    """Tables, code, and a value that cannot be broken are left out."""
    text = re.sub(
        r"^ *```.*?^ *```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    prose = [line for line in text.splitlines() if not line.lstrip().startswith("|")]
    long_lines = [line for line in prose if len(re.sub(r"`[^`]*`|\([^)\s]*\)", "", line)) > LINE_MAX_LENGTH]
    assert long_lines == []


def words_let_go() -> list[str]:
    table = (ROOT / "docs" / "words.md").read_text(encoding="utf-8").partition("## Words we let go")[2]
    return re.findall(r"^\| (\w+) \| (?!say)", table, re.MULTILINE)


def test_a_word_that_we_let_go_stands_nowhere() -> None:
    words = words_let_go()
    assert words
    pattern = re.compile(rf"(?<!\bround )(?<!\bround-)\b({'|'.join(words)})s?\b", re.IGNORECASE)
    ours = [
        path for part in PARTS for path in (ROOT / part).rglob("*") if path.suffix in (".py", ".js", ".po")
    ]
    pages = [ROOT / name for name in PAGE_NAMES if name != "docs/words.md"]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (*ours, *pages)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


RATES = re.compile(
    r"\b(once|twice|times|\d[\d.,]*|MiB|KiB|bytes|calls|names|frames|passings?|lines|days|thousand|ten|six)\s+(?:a|an)\s+"
    r"(second|minute|hour|day)\b(?! (?:later|ago|earlier|apart|after|before|of|at|is|one)\b)"
)


def test_a_rate_is_per_second_never_a_second() -> None:
    ours = [
        path for part in PARTS for path in (ROOT / part).rglob("*") if path.suffix in (".py", ".js", ".po")
    ]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in (*ours, *(ROOT / name for name in PAGE_NAMES))
        for match in RATES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_tour_is_ten_files_in_order() -> None:
    """A table of more, or of what is gone, is no tour for one sitting."""
    tour = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `([\w/]+\.py)` \| \S", tour, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 11))
    lines = [(ROOT / path).read_text(encoding="utf-8").count("\n") for _, path in rows]
    assert sum(lines) < 3_500


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)", README)) | set(re.findall(r"`([\w/-]+\.md)`", README))
    assert {name for name in PAGE_NAMES if name != "README.md"} <= linked


def test_every_command_stands_in_the_readme_and_every_command_there_exists() -> None:
    commands = {point.name for point in entry_points(group=COMMAND_GROUP)}
    assert set(re.findall(r"`pitboard ([a-z-]+)", README)) == commands


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_command_and_option_that_a_page_types_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for line in re.findall(r"(?:^(?:\$ )?(?:sudo )?|`)pitboard ([^`\n#]+)", text, re.MULTILINE):
        if re.fullmatch(r"[a-z ]+ \d+", line):
            continue  # what a signature is made over, such as "pitboard record 1"
        command: click.Command | None = pitboard
        for word in line.split():
            if word.startswith("--"):
                assert command is not None
                options = {opt for param in command.params for opt in (*param.opts, *param.secondary_opts)}
                assert word.split("=")[0].rstrip(".,;") in {*options, "--help"}, f"{name}: pitboard {line}"
            elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]+", word):
                inner = command.get_command(click.Context(command), word)
                assert inner is not None or command is not pitboard, f"{name}: pitboard {line}"
                command = inner or command


_FILE_KEYS = (
    r"(?:journal|key_file|root_key_file|spool_folder|event_file|unit_socket|socket|status_file|folder)"
)


def test_examples_of_configs_name_files_by_absolute_paths_and_each_socket_by_one_name() -> None:
    """A relative path in /etc/pitboard is a crash loop: systemd makes that folder read-only."""
    sockets = set()
    for page in sorted((ROOT / "docs").glob("*.md")):
        for key, path in re.findall(rf'^({_FILE_KEYS}) *= *"([^"]*)"', page.read_text(), re.MULTILINE):
            assert path.startswith(("/", "$")), f"{page.name}: {key} = {path}"
            sockets |= {path} if path.startswith("/run/pitboard/") and path.endswith(".sock") else set()
    assert sockets == {"/run/pitboard/trackside.sock", "/run/pitboard/admin.sock"}


def test_no_page_or_sentence_asks_a_registry_for_a_package_of_our_name() -> None:
    for folder, pattern in (("docs", "*.md"), ("firmware_bridge", "**/*.py"), ("pitboard", "**/*.py")):
        for path in (ROOT / folder).glob(pattern):
            assert "pip install 'pitboard" not in path.read_text(), path
