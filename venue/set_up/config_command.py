"""`pitboard config`: is a config right, what is in force, and what is a key for."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec
from msgspec import inspect

from display.config import DisplayConfig
from firmware_bridge.config import BridgeConfig
from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, read_toml
from sync.central.config import CentralConfig
from sync.command import SyncConfig
from sync.mirror.config import MirrorConfig
from trackside.config import TracksideConfig
from trackside.touch.command import TouchConfig
from venue.set_up.config_keys import KEYS


class Loaded(Protocol):
    """A config that can be read from its file; `load` raises ConfigRefused."""

    @classmethod
    def load(cls, path: Path) -> Config: ...


CONFIGS: dict[str, type[Loaded]] = {
    "bridge": BridgeConfig,
    "central": CentralConfig,
    "display": DisplayConfig,
    "mirror": MirrorConfig,
    "sync": SyncConfig,
    "touch": TouchConfig,
    "trackside": TracksideConfig,
}
_FOLDER = Path("/etc/pitboard")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key that a config may have; `name` has its table in front, `repeated` is a list of tables."""

    name: str
    field: inspect.Field

    @property
    def says(self) -> str:
        """Return in plain words what may stand behind it."""
        return _plain_type(self.field.type)

    @property
    def default(self) -> str:
        """Return its value where the file is silent, in TOML, or that it must be written."""
        if self.field.required:
            return "must be written"
        value = self.field.default
        return "nothing" if value in (None, msgspec.NODEFAULT) else _toml(value)


def keys_of(program: str) -> list[Key]:
    """Return every key of this program's config, tables before what is in them left out."""
    return list(_keys(inspect.type_info(CONFIGS[program]), ""))


def _keys(info: inspect.Type, table: str) -> Iterator[Key]:
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        name = f"{table}{field.encode_name}"
        inner = _inner(field.type)
        if isinstance(inner, inspect.StructType):
            yield from _keys(inner, f"{name}.")
        else:
            yield Key(name=name, field=field)


def _inner(info: inspect.Type) -> inspect.Type:
    """Return what is in it, where it is a table that may be left out, or a list of tables; else itself."""
    if isinstance(info, inspect.Metadata):
        return _inner(info.type)
    if isinstance(info, inspect.UnionType):
        tables = [one for one in map(_inner, info.types) if isinstance(one, inspect.StructType)]
        return tables[0] if len(tables) == 1 else info
    if isinstance(info, inspect.VarTupleType | inspect.ListType):
        item = _inner(info.item_type)
        return item if isinstance(item, inspect.StructType) else info
    return info


def _plain_type(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata():
            return _plain_type(info.type)
        case inspect.UnionType():
            return " or ".join(
                _plain_type(one) for one in info.types if not isinstance(one, inspect.NoneType)
            )
        case inspect.LiteralType():
            return "one of " + ", ".join(_toml(value) for value in info.values)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            whole = "a whole number" if isinstance(info, inspect.IntType) else "a number"
            return whole + _bounds(info.ge, info.le)
        case inspect.StrType():
            return "text in quotes" + _bounds(None, info.max_length, " characters")
        case inspect.CustomType():
            return "a path; one that does not begin with / is beside this file"
        case inspect.VarTupleType() | inspect.ListType():
            return f"a list: {_plain_type(info.item_type)} each"
        case inspect.TupleType():
            return f"a list of {len(info.item_types)}: {_plain_type(info.item_types[0])} each"
        case inspect.DictType():
            return "tables, each under a name of your own"
        case _:
            return "see docs/"


def _bounds(low: float | None, high: float | None, unit: str = "") -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}{unit}"
    if low is not None:
        return f" of at least {low}{unit}"
    return "" if high is None else f" of at most {high}{unit}"


def _toml(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def program_of(path: Path) -> str:
    """Return whose config a file of this name is; raises ConfigRefused."""
    if path.stem in CONFIGS:
        return path.stem
    raise ConfigRefused(
        path=path, reason=f"is no config that I know by its name; known are {', '.join(CONFIGS)} (.toml)"
    )


@click.group(name="config")
def config() -> None:
    """Look at the config files of this machine."""


@config.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
def check(files: tuple[Path, ...]) -> None:
    """Say of each file whether its program would start with it; without FILES, of all in /etc/pitboard.

    The exit status is 1 if one would not.
    """
    found = files or tuple(sorted(path for path in _FOLDER.glob("*.toml") if path.stem in CONFIGS))
    if not found:
        raise ConfigRefused(
            path=_FOLDER, reason="holds no config; name a file, or set up the machine with pitboard install"
        )
    refused = 0
    for path in found:
        try:
            CONFIGS[program_of(path)].load(path)
        except ConfigRefused as error:
            refused += 1
            click.echo(f"wrong  {error}")
        else:
            click.echo(f"right  {path}")
    sys.exit(1 if refused else 0)


@config.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def show(file: Path) -> None:
    """Print what is in force with FILE, every key, marked where the file is silent.

    What is known from the enrolment is filled in.
    """
    loaded = CONFIGS[program_of(file)].load(file)
    written = read_toml(file)
    for line in _shown(loaded, "", written):
        click.echo(line)


def _shown(part: Any, table: str, written: Any) -> Iterator[str]:
    fields = msgspec.structs.fields(part)
    tables = []
    for field in fields:
        value = getattr(part, field.name)
        name = field.encode_name
        said = written.get(name) if isinstance(written, dict) else None
        if isinstance(value, msgspec.Struct):
            tables.append((f"[{table}{name}]", value, f"{table}{name}.", said))
        elif isinstance(value, list | tuple) and value and isinstance(value[0], msgspec.Struct):
            rows = said if isinstance(said, list) else [None] * len(value)
            tables += [
                (f"[[{table}{name}]]", one, f"{table}{name}.", row)
                for one, row in zip(value, rows, strict=False)
            ]
        elif isinstance(value, dict):
            tables += [
                (f"[{table}{name}.{json.dumps(key, ensure_ascii=False)}]", one, "", (said or {}).get(key))
                for key, one in value.items()
            ]
        elif value is None:
            yield f"# {name} is not set"
        elif said is None:
            yield f"{name} = {_toml(value)}  # not in the file"
        else:
            yield f"{name} = {_toml(value)}"
    for head, value, inner, said in tables:
        yield ""
        yield head
        if isinstance(value, msgspec.Struct):
            yield from _shown(value, inner, said)
        else:
            yield from (f"{key} = {_toml(one)}" for key, one in value.items())


@config.command()
@click.argument("key")
def explain(key: str) -> None:
    """Say what KEY is for, what may stand behind it, and what holds without it.

    KEY is the name of a program and a key, such as display.hall_m, or a key alone, or a table of keys.
    """
    found = [
        (program, one)
        for program in CONFIGS
        for one in keys_of(program)
        if key in (one.name, f"{program}.{one.name}", one.name.rpartition(".")[2], program)
        or one.name.startswith(f"{key}.")
        or f"{program}.{one.name}".startswith(f"{key}.")
    ]
    if not found:
        names = [f"{program}.{one.name}" for program in CONFIGS for one in keys_of(program)]
        short = {name.rpartition(".")[2]: name for name in names}
        near = difflib.get_close_matches(key, [*names, *short], n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(short.get(one, one) for one in near)}?" if near else ""
        raise click.UsageError(f"no config has a key '{key}'{hint}")
    for index, (program, one) in enumerate(found):
        if index:
            click.echo()
        click.echo(click.style(f"{one.name}", bold=True) + f"  in {program}.toml")
        click.echo(f"  {KEYS[program][one.name]}")
        click.echo(f"  It is {one.says}.")
        click.echo(f"  Without it: {one.default}.")
