"""Another implementation of a journal's reader, written from docs/ alone (journal-schema and wire-format).

It imports nothing of ours: what it needs to know and the pages do not say is a fault of the pages."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DOMAIN = b"pitboard record 1\0"
CONFIRMED = "confirmed"


class Unsound(Exception):
    """The journal is not what its writers signed."""


@dataclass(frozen=True)
class Said:
    """One record; `body` is None where it was erased."""

    stream: str
    seq: int
    key: str
    stamp: int
    kind: str
    body: dict[str, Any] | None


def read_journal(path: Path) -> tuple[str, list[Said]]:
    """Return the event's root key and every record, in the order of arrival; raises Unsound."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as database:
        meta = dict(database.execute("SELECT key, value FROM meta"))
        rows = list(
            database.execute("SELECT stream, seq, header, signature, body FROM records ORDER BY arrival")
        )
    check = hashlib.sha256(f"{meta['schema']} {meta['root_key']}".encode()).hexdigest()
    if meta["check"] != check:
        raise Unsound("meta")
    said = list(_checked(rows))
    emptied = {(one.stream, one.seq) for one in said if one.body is None}
    taken = {
        (stream, seq)
        for one in said
        if one.kind == "person-erased" and one.key == meta["root_key"] and one.body is not None
        for stream, seqs in one.body["records"].items()
        for seq in seqs
    }
    if emptied - taken:
        raise Unsound(f"without a body: {emptied - taken}")
    return meta["root_key"], said


def _checked(rows: list[tuple[str, int, bytes, bytes, bytes | None]]) -> Iterator[Said]:
    heads: dict[
        str, tuple[int, str, str]
    ] = {}  # stream -> its last seq, that header's hash, its writer's key
    for stream, seq, header, signature, body in rows:
        told = json.loads(header)
        before, previous, key = heads.get(stream, (0, "0" * 64, ""))
        if (told["stream"], told["seq"], told["seq"]) != (stream, seq, before + 1):
            raise Unsound(f"{stream} {seq}: its place")
        if told["previous"] != previous:
            raise Unsound(f"{stream} {seq}: not chained")
        if body is not None and told["body"] != hashlib.sha256(body).hexdigest():
            raise Unsound(f"{stream} {seq}: another body")
        read = None if body is None else json.loads(body)
        if seq == 1:
            if told["kind"] != "stream-opened" or read is None:
                raise Unsound(f"{stream}: not opened")
            key = read["key"]
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, DOMAIN + header)
        except InvalidSignature as error:
            raise Unsound(f"{stream} {seq}: its signature") from error
        heads[stream] = (seq, hashlib.sha256(header).hexdigest(), key)
        yield Said(stream, seq, key, told["stamp"], told["kind"], read)


def best_laps_ns(root_key: str, said: list[Said]) -> dict[str, int]:
    """Return each competitor's best counting lap of the confirmed runs, by the fold's rules 1 and 3 to 6."""
    enrolled = {
        one.body["key"] for one in said if one.kind == "unit-enrolled" and one.key == root_key and one.body
    }
    bodies = [(one, one.body) for one in said if one.key in enrolled | {root_key} and one.body is not None]
    runs: dict[str, tuple[str, dict[str, Any]]] = {}
    for one, body in bodies:
        if one.kind == "run-armed":
            runs.setdefault(body["run_id"], (one.key, body))
    ends = {body["run_id"]: body for one, body in bodies if one.kind == "run-finished"}
    decided = {
        body["run_id"]: body["decision"]
        for one, body in sorted(bodies, key=_word)
        if one.kind == "run-decided"
    }
    passings: dict[str, list[dict[str, Any]]] = {}
    for one, body in bodies:
        if one.kind == "passing" and (run_id := _run_of(one.key, body, runs, ends)):
            passings.setdefault(run_id, []).append(body)
    best: dict[str, int] = {}
    for run_id, driven in passings.items():
        if decided.get(run_id) == CONFIRMED:
            who = runs[run_id][1]["places"][0].get("competitor_id")
            if who is None:
                continue
            laps = [best[who]] if who in best else []
            laps += _laps_ns(driven, runs[run_id][1].get("timing", {}))
            if laps:
                best[who] = min(laps)
    return {who: lap_ns // 1_000_000 * 1_000_000 for who, lap_ns in best.items()}


def _word(item: tuple[Said, dict[str, Any]]) -> tuple[int, str, int]:
    return item[0].stamp, item[0].stream, item[0].seq


def _run_of(
    key: str,
    passing: dict[str, Any],
    runs: dict[str, tuple[str, dict[str, Any]]],
    ends: dict[str, dict[str, Any]],
) -> str:
    armed = [
        (body["mono_ns"], run_id)
        for run_id, (unit, body) in runs.items()
        if (unit, body["track"], body["boot_id"]) == (key, passing["track"], passing["boot_id"])
        and body["mono_ns"] <= passing["mono_ns"]
    ]
    if not armed:
        return ""
    run_id = max(armed)[1]
    is_over = run_id in ends and ends[run_id]["mono_ns"] < passing["mono_ns"]
    return "" if is_over else run_id


def _laps_ns(driven: list[dict[str, Any]], timing: dict[str, Any]) -> list[int]:
    own = next((one["transponder"] for one in driven if one.get("transponder") is not None), None)
    stamps = sorted(one["mono_ns"] for one in driven if one.get("transponder") in (None, own))
    until_ns = stamps[0] + timing.get("run_ms", 180_000) * 1_000_000
    shortest_ns = timing.get("lap_min_ms", 3_000) * 1_000_000
    laps = [(end - begin, begin) for begin, end in pairwise(stamps)]
    return [ns for ns, begin in laps if begin < until_ns and ns >= shortest_ns]
