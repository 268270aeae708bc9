"""Bodies of every kind with whatever their types allow: what an enrolled unit may write by a fault."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from msgspec import inspect

from pitboard.journal.records.kinds import KINDS
from tests.race_story import ROOT, UNIT_A, UNIT_B

WORDS = (
    "r1", "r2", "a", "b", "1", "boot", "s/d/1", "s/d/2", "i1", "st", "st/final", "F", "x" * 80, "\u202e",
    "\x00", "\n", "", UNIT_A.key, ROOT.key, "a" * 32,
    "finish", "start", "A", "B", "hand", "lane", "transponder",
    "any",
    "knockout", "heats", "ladder", "stop", "cancel", "laps", "go", "start-gate", "points", "net", "most-laps",
)  # fmt: skip
AT_THE_SAME_CLOCK = ("run-armed", "run-started", "run-paused", "run-continued", "run-finished", "passing")
_KEYS = (ROOT.key, UNIT_A.key, UNIT_B.key)
_TYPES = {kind: inspect.type_info(body) for kind, body in KINDS.items()}


def any_body(kind: str, chance: random.Random) -> dict[str, Any]:
    """Return a body of this kind; most say something of one of two runs, on one clock."""
    body: dict[str, Any] = _value(_TYPES[kind], chance)
    if "run_id" in body and chance.random() < 0.9:
        body["run_id"] = chance.choice(("r1", "r2"))
    if kind in AT_THE_SAME_CLOCK and chance.random() < 0.9:
        body |= {"boot_id": "boot", "mono_ns": chance.randint(1, 70) * 10**9}
        body |= {"track": "1"} if "track" in body else {}
    if kind == "passing" and chance.random() < 0.9:
        body |= {"sensor": "s", "sensor_boot": "d", "seq": chance.randint(1, 6)}
    if kind == "act-withdrawn":
        body |= {"stream": chance.choice(("a" * 32, "b" * 32)), "seq": chance.randint(1, 40)}
    return body


def _value(kind: Any, chance: random.Random) -> Any:
    match kind:
        case inspect.Metadata():
            return _value(kind.type, chance)
        case inspect.UnionType():
            return _value(chance.choice(kind.types), chance)
        case inspect.LiteralType():
            return chance.choice(kind.values)
        case inspect.BoolType():
            return chance.random() < 0.5
        case inspect.NoneType():
            return None
        case inspect.BytesType():
            return "AAAA"
        case inspect.AnyType():
            return chance.choice((1, "x", None, [], {"a": 1}, 1.5, ["a", "b", "c"]))
        case inspect.RawType():
            return [["s/d/1", chance.choice((0, 10**9, 2**61)), True, 0] for _ in range(chance.randint(0, 3))]
        case inspect.StrType():
            return _text(kind, chance)
        case inspect.IntType():
            return _number(kind, chance)
        case inspect.TupleType():
            return [_value(one, chance) for one in kind.item_types]
        case inspect.ListType() | inspect.VarTupleType():
            least = kind.min_length or 0
            count = chance.randint(least, max(least, min(kind.max_length or 5, 5)))
            return [_value(kind.item_type, chance) for _ in range(count)]
        case inspect.DictType():
            count = chance.randint(0, 2)
            return {_value(kind.key_type, chance): _value(kind.value_type, chance) for _ in range(count)}
        case inspect.StructType():
            if kind.array_like:
                return [_value(field.type, chance) for field in kind.fields]
            told = [field for field in kind.fields if field.required or chance.random() < 0.6]
            return {field.encode_name: _value(field.type, chance) for field in told}
    raise TypeError(f"teach me {kind!r}")


def _text(kind: inspect.StrType, chance: random.Random) -> str:
    if kind.pattern is not None:
        return chance.choice(_KEYS) if "64" in kind.pattern else "2026-11-30"
    fitting = [one for one in WORDS if (kind.min_length or 0) <= len(one) <= (kind.max_length or 80)]
    return chance.choice(fitting)


def _number(kind: inspect.IntType, chance: random.Random) -> int:
    least = kind.ge if kind.ge is not None else -(2**70) if kind.gt is None else kind.gt + 1
    most = kind.le if kind.le is not None else 2**70 if kind.lt is None else kind.lt - 1
    some = (least, most, 0, 1, 2, 10**9, chance.randint(0, 70) * 10**9, chance.randint(int(least), int(most)))
    return int(min(max(chance.choice(some), least), most))


def encoded(body: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))
