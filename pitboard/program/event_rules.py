"""The rules of an event as a person writes them: formats, classes and stages, in central.toml and venue.toml.

A format may begin with a preset's name and change what it likes. All of it is checked when the file is read:
what is named anywhere must be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, plain_reason, read_toml
from pitboard.race.bodies.body import Act, Id, Name, OptionalId
from pitboard.race.bodies.event_bodies import ClassSet, FormatSet, StageSet
from pitboard.race.bodies.formats import Format, FormatConfig, FormatName
from pitboard.race.ranking.presets import PRESETS, preset
from pitboard.race.stages.stages import StageKind, StageSettings

FormatTable = dict[str, Any]
"""A format's keys as they stand in the file; `read_format` checks them."""
_NUMBERS = StageSettings.__struct_fields__
OptionalTitle = Annotated[str, Meta(max_length=80)]


class ClassConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Competitors ranked together; without `name` people read the table's own name."""

    name: OptionalTitle = ""
    format: FormatName = ""
    is_outside_awards: bool = False


class StageConfig(StageSettings, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Heats or a bracket; without `name` people read the table's own name."""

    kind: StageKind
    name: OptionalTitle = ""
    race_class: OptionalId = ""
    track: OptionalId = ""
    format: FormatName = ""

    @property
    def settings(self) -> dict[str, int | str | bool | list[str]]:
        """Return the numbers that differ from a stage's defaults, as the record carries them."""
        numbers = msgspec.to_builtins(StageSettings(**{key: getattr(self, key) for key in _NUMBERS}))
        return {key: list(value) if isinstance(value, tuple) else value for key, value in numbers.items()}


class EventRules(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tables of a config file that hold rules; the configs that have them are built upon it."""

    formats: dict[Name, FormatTable] = msgspec.field(default_factory=dict)
    classes: dict[Id, ClassConfig] = msgspec.field(default_factory=dict)
    stages: dict[Id, StageConfig] = msgspec.field(default_factory=dict)

    def rule_faults(self, event_format: str) -> Iterator[str]:
        """Yield a sentence for each thing that is wrong with the tables; `event_format` is the event's."""
        for name, table in self.formats.items():
            try:
                read_format(table, name)
            except ValueError as error:
                yield f'formats."{name}": {error}'
        named = {"event.format": event_format}
        named |= {f'classes."{one}".format': rules.format for one, rules in self.classes.items()}
        named |= {f'stages."{one}".format': rules.format for one, rules in self.stages.items()}
        for key, name in named.items():
            if name and name not in self.formats and preset(name) is None:
                known = _listed([*self.formats, *(one.rules.name for one in PRESETS)])
                yield f"key '{key}': there is no format \"{name}\"; known are {known}"
        for one, stage in self.stages.items():
            if stage.race_class and stage.race_class not in self.classes:
                known = _listed(self.classes) or "none"
                key = f'stages."{one}".race_class'
                yield f"key '{key}': there is no class \"{stage.race_class}\"; known are {known}"

    def format_named(self, name: str) -> Format:
        """Return the file's own format of this name, else the preset; one of them is there once the file is
        checked."""
        if name in self.formats:
            return read_format(self.formats[name], name)
        found = preset(name)
        assert found is not None, f"rule_faults lets no unknown format through: {name}"
        return found

    def acts(self, event_format: str, *, where: str) -> list[Act]:
        """Return the records that publish all this, each format before whatever names it.

        `where` says that the file spoke, and not a person at a desk.
        """
        used = [event_format]
        used += [
            *(one.format for one in self.classes.values()),
            *(one.format for one in self.stages.values()),
        ]
        names = dict.fromkeys([*self.formats, *(name for name in used if name)])
        return [
            *(FormatSet(name=name, format=self.format_named(name), where=where) for name in names),
            *(
                ClassSet(
                    race_class=race_class,
                    name=one.name or race_class,
                    format=one.format,
                    is_outside_awards=one.is_outside_awards,
                    where=where,
                )
                for race_class, one in self.classes.items()
            ),
            *(
                StageSet(
                    stage_id=stage_id,
                    kind=one.kind,
                    name=one.name or stage_id,
                    race_class=one.race_class,
                    track=one.track,
                    format=one.format,
                    settings=one.settings,
                    where=where,
                )
                for stage_id, one in self.stages.items()
            ),
        ]


def read_format(table: Mapping[str, object], name: str = "") -> Format:
    """Return the format that the table describes; raises ValueError with a sentence that names the key.

    With `name` the table stands under that name in a config and may give no other.
    """
    given = dict(table)
    base = given.pop("preset", None)
    if base is not None:
        found = preset(base) if isinstance(base, str) else None
        if found is None:
            raise ValueError(f"preset = {base!r} is none of {_listed(one.rules.name for one in PRESETS)}")
        given = {**msgspec.to_builtins(found), **given}
    if name and table.get("name", name) != name:
        raise ValueError(f'name = "{table["name"]}" is another than the table\'s; take it out')
    if name:
        given["name"] = name
    try:
        return msgspec.convert(given, FormatConfig).as_format()
    except msgspec.ValidationError as error:
        raise ValueError(plain_reason(str(error))) from error


def load_format(path: Path) -> Format:
    """Return the format in a file of its own; raises ConfigRefused naming file, key and reason."""
    try:
        return read_format(read_toml(path))
    except ValueError as error:
        raise ConfigRefused(path=path, reason=str(error)) from error


def _listed(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names)
