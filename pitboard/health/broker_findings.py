"""Whether the broker that a config names can be used, and how long ago central was heard there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any, NamedTuple

import msgspec

from pitboard.broker.broker_client import CONNECT_MAX_S, QOS, BrokerConfig, PublishingConfig, broker_client
from pitboard.broker.broker_topics import BEAT_EVERY_S, State, heads_topic, state_topic
from pitboard.broker.signed_message import opened
from pitboard.clock import Clock
from pitboard.errors import NOT_UNDERSTOOD, ConfigRefused, Refusal
from pitboard.health.findings import Finding
from pitboard.program.config import known_event_key

BEAT_WAIT_S = 1.5 * BEAT_EVERY_S
_TABLES = {
    "display": ("broker", BrokerConfig),
    "mirror": ("broker", BrokerConfig),
    "central": ("mqtt", PublishingConfig),
}


class _Word(NamedTuple):
    topic: str
    message: bytes
    is_kept: bool


def broker_findings(configs: Path, clock: Clock) -> Iterator[Finding]:
    """Yield what is to be said of each broker that a config of this machine names."""
    for program, (table, kind) in _TABLES.items():
        path = configs / f"{program}.toml"
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue  # another check tells it
        if isinstance(said.get(table), dict):
            yield _finding(program, path, said, kind, said[table], clock)


def _finding(
    program: str,
    path: Path,
    said: dict[str, Any],
    kind: type[BrokerConfig],
    table: dict[str, Any],
    clock: Clock,
) -> Finding:
    try:
        config = msgspec.convert(table, kind, dec_hook=lambda _, value: path.resolve().parent / Path(value))
        key = "" if program == "central" else _event_key(path, said)
        heard = _heard(config)
    except (Refusal, msgspec.ValidationError, OSError) as error:
        reason = error.reason if isinstance(error, ConfigRefused) else str(error)
        return Finding(
            code=f"{program}-broker-unusable",
            colour="red",
            sentence=f"The broker of {program} cannot be used: {reason}.",
            advice=f"Put right what {path} says of it, or the network; then type the command again.",
            says="command.broker-unusable",
            fields={"program": program, "reason": reason, "path": str(path)},
        )
    if program == "central":
        return _well(program, config, f"{config.host} takes what central sends", "command.broker-takes", {})
    states = [one for topic, one in heard if topic == state_topic(config.topic)]
    told = [state for one in states if (state := _state(one, config, key)) is not None]
    if not told or not any(topic == heads_topic(config.topic) for topic, _ in heard):
        return Finding(
            code=f"{program}-broker-empty",
            colour="red",
            sentence=f"The broker {config.host} has nothing of this event below {config.topic}.",
            advice="Compare topic and event key with central's; let records be true under its [mqtt].",
            says="command.broker-empty",
            fields={"host": config.host, "topic": config.topic},
        )
    if told[-1].state == "gone":
        return Finding(
            code=f"{program}-broker-gone",
            colour="yellow",
            sentence=f"The broker {config.host} says that central is gone.",
            advice="Start central, or see why it cannot reach the broker.",
            says="command.broker-gone",
            fields={"host": config.host},
        )
    age_s = max(0, clock.utc_ms() - told[-1].utc_ms) // 1_000
    return _well(
        program,
        config,
        f"Central was heard at {config.host} {age_s} s ago",
        "command.broker-hears",
        {"age": age_s},
    )


def _well(
    program: str, config: BrokerConfig, sentence: str, says: str, fields: dict[str, str | int]
) -> Finding:
    return Finding(
        code=f"{program}-broker",
        colour="green",
        sentence=f"{sentence}.",
        says=says,
        fields={"host": config.host, **fields},
    )


def _event_key(path: Path, said: dict[str, Any]) -> str:
    journal = path.resolve().parent / Path(str(said.get("journal", "journal")))
    return known_event_key(path, str(said.get("event_key", "")), journal)


def _state(message: bytes, config: BrokerConfig, key: str) -> State | None:
    told = opened(message, state_topic(config.topic), key)
    try:
        return None if told is None else msgspec.json.decode(told.body, type=State)
    except NOT_UNDERSTOOD:
        return None


def _heard(config: BrokerConfig) -> list[tuple[str, bytes]]:
    """Return what the broker kept of state and heads, and the next beat if one comes; raises OSError."""
    client = broker_client(config)
    words: Queue[_Word | OSError | None] = Queue()
    topics = (state_topic(config.topic), heads_topic(config.topic))

    def connected(*told: Any) -> None:
        if getattr(told[3], "is_failure", False):
            words.put(OSError(str(told[3])))
        else:
            client.subscribe([(topic, QOS) for topic in topics])
            words.put(None)

    client.on_connect = connected
    client.on_connect_fail = lambda *_: words.put(OSError("nothing answers there"))
    client.on_message = lambda *told: words.put(
        _Word(told[2].topic, bytes(told[2].payload), bool(told[2].retain))
    )
    client.loop_start()
    heard: list[tuple[str, bytes]] = []
    try:
        word = words.get(timeout=CONNECT_MAX_S)
        while True:
            if isinstance(word, OSError):
                raise word
            if word is not None:
                heard.append((word.topic, word.message))
                if word.topic == topics[0] and not word.is_kept:
                    return heard
            word = words.get(timeout=BEAT_WAIT_S)
    except Empty:
        if not client.is_connected():
            raise OSError("no answer in time") from None
        return heard
    finally:
        client.disconnect()
