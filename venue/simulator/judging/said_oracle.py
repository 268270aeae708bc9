"""What was said on a day and stands, told from the records alone: who is believed, in which order, less what
was withdrawn.

It shares no code with the fold, and knows no rule of the race."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from pitboard.journal.records.kinds import read_body
from pitboard.journal.records.record import Record

ADMIN, TIMEKEEPER = 2, 1
FOR_EVER = 2**63
_ADMIN_KINDS = {
    "event-configured",
    "format-set",
    "class-set",
    "official-dismissed",
    "unit-enrolled",
    "unit-revoked",
    "lap-corrected",
    "competitor-judged",
    "person-erased",
}
_NOT_WITHDRAWN = {"unit-enrolled", "unit-revoked", "person-erased", "passing", "event-configured"}


@dataclass(frozen=True, slots=True, order=True)
class SaidWord:
    authority: int
    stamp: int
    stream: str
    seq: int


@dataclass(frozen=True, slots=True)
class Said:
    word: SaidWord
    key: str
    kind: str
    body: Any


def believed_of(records: list[Record], root_key: str) -> list[Said]:
    """Return what writers on the roster said and were allowed to say."""
    keys = {
        record.stream: msgspec.json.decode(record.body_bytes or b"{}").get("key")
        for record in records
        if record.seq == 1
    }
    said = []
    hashes = {(record.stream, record.seq): record.header_hash.hex() for record in records}
    for record in records:
        body = None if record.body_bytes is None else read_body(record.header.kind, record.body_bytes)
        key = keys.get(record.stream)
        if body is not None and key is not None:
            authority = ADMIN if key == root_key else TIMEKEEPER
            word = SaidWord(authority, record.header.stamp, record.stream, record.seq)
            said.append(Said(word, key, record.header.kind, body))
    said = [one for one in said if one.key != root_key] + _in_order_said(
        [one for one in said if one.key == root_key]
    )
    standing: dict[str, Said] = {}
    for one in sorted(said, key=lambda one: one.word):
        if one.key == root_key and one.kind in ("unit-enrolled", "unit-revoked"):
            standing[one.body.key] = one
    believed_to = _believed_to([one for one in said if one.key == root_key], hashes)
    of_units = [
        one
        for one in said
        if one.key != root_key
        and one.word.seq <= believed_to.get(one.word.stream, one.word.seq)
        and _counts(one, standing.get(one.key))
    ]
    return [one for one in said if one.key == root_key] + _in_order_said(of_units)


def _in_order_said(said: list[Said]) -> list[Said]:
    """Give each word a stamp no later than those that its writer's streams prove to be said after it."""
    of_stream: dict[str, list[Said]] = {}
    for one in sorted(said, key=lambda one: one.word.seq):
        of_stream.setdefault(one.word.stream, []).append(one)
    after: dict[str, list[tuple[str, int]]] = {}  # the later streams of its writer, and how far they knew it
    for stream, own in of_stream.items():
        if own[0].kind == "stream-opened":
            for former, head in own[0].body.earlier.items():
                if former in of_stream and of_stream[former][0].key == own[0].key:
                    after.setdefault(former, []).append((stream, head))
    stamps: dict[str, dict[int, int]] = {}

    def stamps_of(stream: str) -> dict[int, int]:
        if stream not in stamps:
            later, latest = stamps.setdefault(stream, {}), FOR_EVER << 16
            for one in reversed(of_stream[stream]):
                seq = one.word.seq
                known_by = [
                    min(stamps_of(other).values()) - 1 for other, head in after.get(stream, ()) if head >= seq
                ]
                latest = min([latest, one.word.stamp, *known_by])
                later[seq] = latest
        return stamps[stream]

    return [
        replace(one, word=replace(one.word, stamp=stamps_of(one.word.stream)[one.word.seq])) for one in said
    ]


def _believed_to(of_central: list[Said], hashes: dict[tuple[str, int], str]) -> dict[str, int]:
    """Return {stream: last seq believed} where a history is not the one that central cut or countersigned."""
    named: dict[str, dict[int, str]] = {}
    cuts: dict[str, int] = {}
    for said in of_central:
        if said.kind == "unit-revoked":
            for stream, told in said.body.hashes.items():
                seq = said.body.heads[stream]
                named.setdefault(stream, {})[seq] = told
                cuts[stream] = max(cuts.get(stream, 0), seq)
        elif said.kind == "heads-witnessed":
            for stream, point in said.body.heads.items():
                for seq, told in [*said.body.before.get(stream, []), point]:
                    named.setdefault(stream, {})[seq] = told
    believed_to: dict[str, int] = {}
    for stream, points in named.items():
        right = 0
        is_false = False
        for seq in sorted(points):
            here = hashes.get((stream, seq))
            is_false = is_false or (here is not None and here != points[seq])
            right = seq if here == points[seq] and not is_false else right
        if is_false or right < cuts.get(stream, 0):
            believed_to[stream] = right
    return believed_to


def _counts(said: Said, standing: Said | None) -> bool:
    if standing is None or said.kind in _ADMIN_KINDS:
        return False
    return standing.kind == "unit-enrolled" or said.word.seq <= standing.body.heads.get(said.word.stream, 0)


def what_stands(believed: list[Said]) -> list[Said]:
    """Return what nobody withdrew, each act once; `believed` is in the order said."""
    acts: dict[tuple[str, str], list[Said]] = {}
    for one in believed:
        if getattr(one.body, "act_id", ""):
            acts.setdefault((one.key, one.body.act_id), []).append(one)

    def same_act(one: Said) -> list[Said]:
        act_id = getattr(one.body, "act_id", "")
        return acts[one.key, act_id] if act_id else [one]

    withdrawals = [one for one in believed if one.kind == "act-withdrawn"]

    def is_withdrawn(one: Said) -> bool:
        return any(
            (other.body.stream, other.body.seq) == (named.word.stream, named.word.seq)
            and moment_of(other) > moment_of(named)
            and _may_withdraw(other, named)
            and stands(other)
            for named in same_act(one)
            for other in withdrawals
        )

    def stands(one: Said) -> bool:
        return one is same_act(one)[0] and not is_withdrawn(one)

    return [one for one in believed if one.kind in _NOT_WITHDRAWN or stands(one)]


def _may_withdraw(withdrawal: Said, named: Said) -> bool:
    if withdrawal.word.authority == ADMIN:
        return True
    if named.word.authority == ADMIN:
        return False
    said_by, withdrawn_by = getattr(named.body, "by", ""), withdrawal.body.by
    return bool(said_by == withdrawn_by and (said_by or named.key == withdrawal.key))


def moment_of(said: Said) -> tuple[int, str, int]:
    return (said.word.stamp, said.word.stream, said.word.seq)
