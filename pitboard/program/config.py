"""Read one TOML file into a frozen value; a wrong key or value stops the start and says where.

Config types are msgspec structs with `forbid_unknown_fields`; paths in a file are relative to that file."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from pitboard.errors import ConfigRefused, ConfigUnreadable
from pitboard.program.ownership import why_not_read
from pitboard.race.bodies.body import KeyHex, Name
from pitboard.trust.identity import write_secret

EVENT_FILE_MODE = 0o640
"""No secret is in it, and each program of the machine reads it."""
CREDENTIALS = "$CREDENTIALS_DIRECTORY/"
_PLAIN_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
_PLAIN_PATTERNS = {
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\Z": "a machine's name: small letters, digits and dashes",
    r"^([0-9]{3,4}x[0-9]{3,4}|none|)\\Z": "a size like 1920x1080",
    r"^[0-9a-f]{64}\\Z": "64 digits of 0-9 and a-f",
    r"^([0-9a-f]{64})?\\Z": "64 digits of 0-9 and a-f",
    r"^https?://[^/\\s]+/?\\Z": "an address like https://192.0.2.7:8441",  # as msgspec writes it
}


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every program's config."""


ConfigType = TypeVar("ConfigType", bound=msgspec.Struct)


def read_toml(path: Path) -> dict[str, object]:
    """Return what the file says; raises ConfigRefused where it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigUnreadable(path=path, reason=f"cannot be read: {why_not_read(error)}") from error
    except UnicodeDecodeError as error:
        raise ConfigRefused(path=path, reason="is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigRefused(path=path, reason=f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigRefused(path=path, reason="is nested too deeply; take brackets out") from error


def load_config(config_type: type[ConfigType], path: Path) -> ConfigType:
    """Return the config in the file at `path`, its relative paths made absolute against the file's folder.

    Raises ConfigRefused naming file, key and reason.
    """
    table = read_toml(path)
    folder = path.resolve().parent

    def convert(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return _credential(value) or folder / Path(value).expanduser()
        raise TypeError(f"expected a path as text, got {type(value).__name__}")

    try:
        return msgspec.convert(table, config_type, dec_hook=convert)
    except msgspec.ValidationError as error:
        reasons = _all_reasons(table, config_type, convert)
        raise ConfigRefused(path=path, reason="\n  ".join(reasons)) from error


FAULTS_MAX_COUNT = 20
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_ANY = "[...]"
"""Of tables that a person names, such as stages: which of them is not told."""
_Place = tuple[str | int, ...]
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")
_MISSING = re.compile(r"Object missing required field `(.+)`")


def _all_reasons(
    table: dict[str, object], kind: type[msgspec.Struct], convert: Callable[[type, object], object]
) -> list[str]:
    """Return every fault of the table, each found once what was wrong before it is taken out.

    What is missing then is no fault of who wrote it: the table around it goes as a whole.
    """
    reasons: list[str] = []
    taken: set[_Place] = set()
    numbers: dict[int, list[int]] = {}  # of a list, which of the file's items it still has
    while len(reasons) < FAULTS_MAX_COUNT:
        try:
            msgspec.convert(table, kind, dec_hook=convert)
            break
        except msgspec.ValidationError as error:
            text, _, told = str(error).partition(" - at `$")
        place: _Place = tuple(
            name or any_name or int(item) for name, item, any_name in _STEP.findall(told.rstrip("`"))
        )
        missing, unknown = _MISSING.fullmatch(text), _UNKNOWN.fullmatch(text)
        if missing or unknown:
            place = (*place, (missing or unknown or [""])[1])
        in_file = _as_in_file(table, place, numbers)
        is_ours = bool(missing) and any(one[: len(in_file)] == in_file for one in taken)
        if not is_ours:
            written = "".join(map(_written, in_file))
            around = written.rpartition(".")[0] if missing or unknown else written
            reasons.append(plain_reason(f"{text} - at `${around}`" if around else text))
        if missing:
            place, in_file = place[:-1], in_file[:-1]
        taken.add(in_file)
        if not place or not _take_out(table, place, numbers):
            break
    return reasons


def _written(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return step if step == _ANY else f".{step}"


def _as_in_file(table: dict[str, object], place: _Place, numbers: dict[int, list[int]]) -> _Place:
    """Return the place with its items counted as they stand in the file."""
    found: Any = table
    counted: list[str | int] = []
    for step in place:
        kept = numbers.get(id(found))
        counted.append(kept[step] if kept is not None and isinstance(step, int) else step)
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            found = None
    return tuple(counted)


def _take_out(table: dict[str, object], place: _Place, numbers: dict[int, list[int]]) -> bool:
    """Take out what stands at the place; return whether anything did."""
    found: Any = table
    try:
        for step in place[:-1]:
            found = found[step]
        if isinstance(found, list):
            del numbers.setdefault(id(found), list(range(len(found))))[place[-1]]  # type: ignore[arg-type]
        del found[place[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _credential(value: str) -> Path | None:
    """Return the file of a systemd credential (LoadCredential=), None for any other path."""
    if not value.startswith(CREDENTIALS):
        return None
    held = os.environ.get("CREDENTIALS_DIRECTORY")
    if held is None:
        raise ValueError(f"{value} is there only under systemd, with LoadCredential= in the unit")
    return Path(held) / value.removeprefix(CREDENTIALS)


def plain_reason(message: str) -> str:
    """Turn a msgspec.ValidationError's wording into ours, with the key in front."""
    text, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".")
    if match := _UNKNOWN.fullmatch(text):
        return f"unknown key '{_joined(key, match[1])}'; take it out or correct its spelling"
    if match := _MISSING.fullmatch(text):
        return f"key '{_joined(key, match[1])}' is missing; add it"
    plain = _plain_words(text)
    return f"key '{key}': {plain}" if key else plain


def _plain_words(text: str) -> str:
    if match := re.fullmatch(r"Expected `str` matching regex '(.+)'", text):
        return f"expected {_PLAIN_PATTERNS.get(match[1], f'text like {match[1]}')}"
    if match := re.fullmatch(r"Invalid enum value (.+)", text):
        return f"{match[1]} is none of the words that it may be; docs/ lists them"
    spoken = re.sub(r"`(\w+)(?: \| null)?`", lambda word: _PLAIN_WORDS.get(word[1], word[1]), text)
    spoken = spoken.replace("text in quotes of length", "text of length").replace("`", "")
    return spoken[:1].lower() + spoken[1:]


def _joined(table: str, key: str) -> str:
    return f"{table}.{key}" if table else key


ADMIN_SOCKET_NAME = "admin.sock"


def admin_socket_beside(journal: Path) -> Path:
    """Return where central listens for its admin unless its config says otherwise."""
    return journal.with_name(ADMIN_SOCKET_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFiles:
    """`socket` is None for a program that has none, such as a display."""

    journal: Path
    socket: Path | None

    @classmethod
    def load(cls, path: Path) -> NodeFiles:
        """Return what the file says; raises ConfigRefused where it names no journal."""
        table = read_toml(path)
        folder = path.resolve().parent
        journal = table.get("journal")
        if not isinstance(journal, str):
            raise ConfigRefused(path=path, reason="key 'journal' is missing; name the config of a node")
        found = folder / Path(journal).expanduser()
        socket = _socket(table)
        if socket is None and "root_key_file" in table:
            return cls(journal=found, socket=admin_socket_beside(found))
        return cls(journal=found, socket=None if socket is None else folder / Path(socket).expanduser())


def _socket(table: dict[str, object]) -> str | None:
    for door in ("admin", "api"):
        settings = table.get(door)
        if isinstance(settings, dict) and isinstance(settings.get("socket"), str):
            return str(settings["socket"])
    return None


EVENT_FILE_NAME = "event.toml"
Fingerprint = KeyHex
OptionalKey = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+/?\Z", max_length=300)]


class EventFile(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`central_fingerprint` is of the certificate that central's ingest shows."""

    event: Name
    event_key: KeyHex
    name: Name
    central: Url
    central_fingerprint: Fingerprint
    contact_key: Annotated[str, Meta(max_length=200)] | None = None

    def save(self, path: Path) -> None:
        """Write the file; the one before is replaced."""
        said = {key: value for key, value in msgspec.to_builtins(self).items() if value is not None}
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in said.items()]
        write_secret(path, ("# Written by `pitboard enrol`.\n" + "".join(lines)).encode())
        path.chmod(EVENT_FILE_MODE)


def event_file_beside(journal: Path) -> Path:
    """Return where a node whose journal is this file keeps what it was told when it was enrolled."""
    return journal.with_name(EVENT_FILE_NAME)


def display_key_beside(journal: Path) -> Path:
    """Return where a display that was enrolled keeps its key; one that never was has none."""
    return journal.with_name("display.key")


def load_event_file(path: Path) -> EventFile | None:
    """Return what the node was told, None where it was never enrolled; raises ConfigRefused."""
    if not path.exists():
        return None
    try:
        return load_config(EventFile, path)
    except ConfigUnreadable:
        raise
    except ConfigRefused as error:
        reason = f"is not what enrolment wrote ({error.reason}); move it away and run pitboard enrol"
        raise ConfigRefused(path=path, reason=reason) from error


def known_event_key(config_path: Path, event_key: str, journal: Path) -> str:
    """Return the config's event key, or the one of the enrolment; raises ConfigRefused without either."""
    if event_key:
        return event_key
    told = load_event_file(event_file_beside(journal))
    if told is None:
        raise ConfigRefused(
            path=config_path,
            reason="key 'event_key' is missing and this node is not enrolled; run pitboard enrol first",
        )
    return told.event_key
