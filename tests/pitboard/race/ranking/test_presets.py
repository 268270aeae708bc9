"""The formats known by name, and the page that shows them, which is made from the same tables."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from pitboard.race.bodies.formats import Format, FormatConfig, faults
from pitboard.race.ranking.presets import PRESETS, Preset, preset
from pitboard.race.ranking.score import RULES

PAGE = (Path(__file__).parents[4] / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", PRESETS, ids=lambda one: one.rules.name)
def test_a_preset_can_race_and_names_its_source(one: Preset) -> None:
    assert list(faults(one.rules)) == []
    assert preset(one.rules.name) is one.rules
    assert len(one.source) > 10


def test_preset_names_are_told_apart() -> None:
    assert len({one.rules.name for one in PRESETS}) == len(PRESETS)
    assert preset("no such format") is None


def test_the_page_shows_every_preset_as_it_is() -> None:
    shown = re.findall(r"^([^\n]+):\n\n```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    read = [
        Preset(msgspec.convert(tomllib.loads(text), FormatConfig).as_format(), source)
        for source, text in shown
    ]
    assert read == list(PRESETS)


def test_the_pages_table_of_rules_is_the_table_of_the_code() -> None:
    lines = [
        f"| `{name}` | {rule.says} | {f'`{rule.parameter}`' if rule.parameter else ''} "
        f"| {', '.join(code for code, _ in rule.columns)} |"
        for name, rule in RULES.items()
    ]
    assert "\n".join(lines) in PAGE


def test_the_page_names_every_key_and_its_default() -> None:
    keys = PAGE[PAGE.index("## Ranking rules, key by key") :]
    defaults = msgspec.structs.asdict(Format())
    for key, default in defaults.items():
        row = re.search(rf"^\| [^|]*`{key}`[^|]*\|([^|]*)\|", keys, re.MULTILINE)
        assert row is not None, f"docs/formats.md says nothing of {key}"
        if default not in ("", 0):
            text = msgspec.json.encode(default).decode().replace(",", ", ")
            assert text in row[1], f"docs/formats.md: the default of {key} is {text}"
