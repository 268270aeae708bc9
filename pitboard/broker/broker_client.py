"""A client of a broker as a config names it; every fault of the config is one sentence.

The library runs a thread of its own, and whatever it is given is called in that thread."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta

from pitboard.errors import ConfigRefused
from pitboard.program.config import Config

KEEPALIVE_S = 20
CONNECT_MAX_S = 5.0
RETRY_MIN_S, RETRY_MAX_S = 1, 30
QOS = 1
_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


class BrokerConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The MQTT broker where the event stands below `topic`."""

    address: Annotated[str, Meta(pattern=r"^(mqtts?|wss?)://[^\s/?#]+(/\S*)?\Z", max_length=300)]
    topic: Annotated[str, Meta(pattern=r"^[^/$#+\s][^#+\s]*[^/#+\s]\Z", max_length=200)]
    user: Annotated[str, Meta(max_length=200)] = ""
    password_file: Path | None = None
    ca: Path | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""


class PublishingConfig(BrokerConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Central's, on which the boards are published; with `records` the journal too, for who follows."""

    records: bool = True


def broker_client(config: BrokerConfig, *, client_id: str = "", waiting_max_count: int = 100) -> Any:
    """Return a client that begins to connect once its loop is started; raises ConfigRefused.

    Of what is published `waiting_max_count` messages at most wait for the broker.
    """
    try:
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion
    except ModuleNotFoundError as error:
        raise ConfigRefused(
            path="the broker", reason="a broker needs the package paho-mqtt; install the extra 'central'"
        ) from error
    try:
        address = urlsplit(config.address)
        port = address.port or _PORTS[address.scheme]
    except ValueError as error:
        raise ConfigRefused(path=config.address, reason="the broker's port is no port") from error
    is_web = address.scheme in ("ws", "wss")
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        transport="websockets" if is_web else "tcp",
        reconnect_on_failure=True,
    )
    if is_web:
        client.ws_set_options(path=address.path or "/")
    if address.scheme in ("mqtts", "wss"):
        client.tls_set_context(_context(config.ca))
    if config.user:
        client.username_pw_set(config.user, _password(config.password_file))
    client.max_queued_messages_set(waiting_max_count)
    client.connect_timeout = CONNECT_MAX_S
    client.reconnect_delay_set(RETRY_MIN_S, RETRY_MAX_S)
    client.connect_async(config.host, port, KEEPALIVE_S)
    return client


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ValueError) as error:
        raise ConfigRefused(path=str(ca), reason=f"the broker's authority cannot be read: {error}") from error


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise ConfigRefused(path=path, reason=f"the broker's password cannot be read: {error}") from error
