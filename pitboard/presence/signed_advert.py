"""What a node says of itself by mDNS, in one TXT record that stands alone, and how it is read.

It carries the node's addresses, port and time under the node's signature: a stranger may announce the same
name, and flush what others remember of it, but cannot sign. Foreign text is cleaned here, as it is read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pitboard.presence.venue_addresses import TOLD_MAX_COUNT
from pitboard.race.names import clean_name
from pitboard.trust.identity import Identity, signature_holds

ADVERT_DOMAIN = b"pitboard advert 1\0"
TEXT_MAX_BYTES = 200
RECORD_MAX_BYTES = 2_000
_NAMES = ("unit", "name", "cup", "scene")
_KEYS = ("event", "key")
_WORDS = ("tls",)
_URLS = ("ctl",)  # where a unit reaches central
_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_HEX_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_WORD = re.compile(r"[a-z]{1,8}")
_URL = re.compile(r"https://[0-9A-Za-z.:%_\[\]-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAdvert:
    """What a TXT record says; `is_signed` tells that the key in `properties` signed all of it."""

    properties: dict[str, str]
    addresses: tuple[str, ...] = ()
    port: int | None = None
    utc_ms: int = 0
    is_signed: bool = False


def make_advert(
    properties: Mapping[str, str],
    *,
    addresses: Sequence[str],
    port: int,
    utc_ms: int,
    identity: Identity | None,
) -> dict[str, bytes]:
    """Return the TXT record's entries, signed where there is an identity."""
    said = {key: value.encode()[:TEXT_MAX_BYTES].decode(errors="ignore") for key, value in properties.items()}
    said |= {"at": ",".join(addresses[:TOLD_MAX_COUNT]), "port": str(port), "time": str(utc_ms)}
    if identity is not None:
        said["key"] = identity.key
        said["sig"] = identity.sign(_message(said), domain=ADVERT_DOMAIN).hex()
    return {key: value.encode() for key, value in said.items()}


def read_advert(record: bytes, may_check: Callable[[str], bool]) -> HeardAdvert:
    """Return what may be taken of a TXT record's bytes, whoever wrote it; what makes no sense is left out.

    `may_check` says of a key whether its signature is worth looking at now.
    """
    if len(record) > RECORD_MAX_BYTES:
        record = b""  # half of an entry might say another thing than the whole
    said: dict[str, str] = {}
    for entry in _entries(record):
        key, _, value = entry.partition(b"=")
        said.setdefault(key.decode(errors="replace"), value.decode(errors="replace"))
    properties = {key: said[key] for key in _KEYS if _HEX_KEY.fullmatch(said.get(key, ""))}
    properties |= {key: said[key] for key in _WORDS if _WORD.fullmatch(said.get(key, ""))}
    properties |= {key: said[key] for key in _URLS if _URL.fullmatch(said.get(key, ""))}
    properties |= {key: cleaned for key in _NAMES if (cleaned := clean_name(said.get(key, "")))}
    signature = said.get("sig", "")
    return HeardAdvert(
        properties=properties,
        addresses=tuple(_addresses(said.get("at", ""))),
        port=_number(said.get("port", ""), most=65_535),
        utc_ms=_number(said.get("time", ""), most=2**53) or 0,
        is_signed="key" in properties
        and _HEX_SIGNATURE.fullmatch(signature) is not None
        and may_check(properties["key"])
        and signature_holds(
            properties["key"], _message(said), bytes.fromhex(signature), domain=ADVERT_DOMAIN
        ),
    )


def _message(said: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(sorted((key, value) for key, value in said.items() if key != "sig"))


def _entries(record: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(record):
        size = record[at]
        yield record[at + 1 : at + 1 + size]
        at += 1 + size


def _addresses(text: str) -> Iterator[str]:
    for part in text.split(",")[:TOLD_MAX_COUNT]:
        try:
            address = ipaddress.ip_address(part)
        except ValueError:
            continue
        if not address.is_multicast and not address.is_unspecified and "%" not in part:
            yield str(address)


def _number(text: str, *, most: int) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 18
    return int(text) if is_number and int(text) <= most else None
