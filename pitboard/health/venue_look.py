"""The doctor's own look at the venue from any machine: who is heard by mDNS, and whether central answers.

A second and a half of listening, and one question to central; nothing is changed by it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient, decode
from pitboard.doors.session import UNIX_PREFIX
from pitboard.errors import ConfigRefused, LossCode, PeerLost, PitboardError
from pitboard.health.venue_findings import (
    CentralAnswer,
    Heard,
    UnitsOfCentral,
    UnitsTold,
    VenueSeen,
    other_machines,
)
from pitboard.presence.heard_nodes import node_url
from pitboard.presence.venue_addresses import near_place, own_addresses, own_interfaces
from pitboard.presence.venue_mdns import (
    CENTRAL_SERVICE,
    DISPLAY_SERVICE,
    UNIT_SERVICE,
    VenueBrowser,
    open_mdns,
)
from pitboard.program.config import EVENT_FILE_NAME, EventFile, NodeFiles, load_event_file, read_toml
from pitboard.trust.identity import Identity
from pitboard.unit_api.unit_status import UnitStatus

LISTEN_S = 1.5
ANSWER_MAX_S = 3.0
UNITS_PATH = "/v1/admin/units/status"
UNITS_MAX_BYTES = 8 * 1_024 * 1_024
HEALTH_PATH = "/healthz"
PLACES_MAX_COUNT = 3
_SERVICES = (UNIT_SERVICE, DISPLAY_SERVICE, CENTRAL_SERVICE)


def event_key_of(configs: Path, data: Path) -> str:
    """Return the key of this machine's event, empty where it has none yet; raises ConfigRefused."""
    told = load_event_file(data / EVENT_FILE_NAME)
    if told is not None:
        return told.event_key
    if (data / "root.key").exists():
        return Identity.load_or_create(data / "root.key").key
    for program in ("trackside", "display"):
        if (configs / f"{program}.toml").exists():
            key = read_toml(configs / f"{program}.toml").get("event_key")
            if isinstance(key, str) and key:
                return key
    return ""


def look_at_venue(
    configs: Path, data: Path, status: UnitStatus | None, units: UnitsOfCentral | None, *, version: str
) -> tuple[VenueSeen | None, CentralAnswer | None]:
    """Return what is seen of the others, None where this machine has no event, and central's answer."""
    try:
        event_key, told = event_key_of(configs, data), load_event_file(data / EVENT_FILE_NAME)
    except (PitboardError, OSError):
        return None, None  # another check tells it
    if not event_key:
        return None, None
    heard = asyncio.run(_listen())
    others = other_machines(heard, event_key, own_addresses())
    answer = None if told is None else ask_central(told, heard)
    is_well = answer is not None and answer.loss is None
    near = near_place(answer.url, own_interfaces()) if answer is not None and is_well else ""
    lights = {} if status is None else {light.light: light.state for light in status.lights}
    return (
        VenueSeen(
            is_on=_is_mdns_on(configs),
            units=others.units,
            displays=others.displays,
            has_central=others.has_central,
            central_at=near,
            is_central_well=is_well or lights.get("central") == "ok",
            waiting_count=status.waiting_count if status is not None and told is not None else None,
            own_version=version,
            versions=dict(_versions(status, units)),
        ),
        answer,
    )


def _is_mdns_on(configs: Path) -> bool:
    with contextlib.suppress(ConfigRefused):
        lan = read_toml(configs / "trackside.toml").get("lan")
        return not (isinstance(lan, dict) and lan.get("mdns") is False)
    return True


async def _listen() -> Heard:
    browsers = {service: VenueBrowser(service, lambda: None, tuple) for service in _SERVICES}
    async with contextlib.AsyncExitStack() as stack:
        mdns = await stack.enter_async_context(open_mdns())
        for browser in browsers.values():
            await stack.enter_async_context(browser.running(mdns))
        if mdns is not None:
            await asyncio.sleep(LISTEN_S)
        return {service: list(browser.found.values()) for service, browser in browsers.items()}


def ask_central(told: EventFile, heard: Heard) -> CentralAnswer:
    """Ask at the place of the enrolment, then where it is announced; what matters most of it is returned."""
    announced = [
        node_url(node)
        for node in heard.get(CENTRAL_SERVICE, ())
        if node.properties.get("event") == told.event_key
    ]
    answers: list[CentralAnswer] = []
    for url in list(dict.fromkeys([told.central.rstrip("/"), *announced]))[:PLACES_MAX_COUNT]:
        with contextlib.closing(NodeClient(url, name="central", pin=told.central_fingerprint)) as client:
            try:
                client.ask("GET", HEALTH_PATH, within_s=ANSWER_MAX_S, max_bytes=SMALL_ANSWER_MAX_BYTES)
            except PeerLost as error:
                answers.append(CentralAnswer(url, error.code))
            else:
                return CentralAnswer(url, None)
    return max(answers, key=lambda one: one.loss is LossCode.OTHER_CERTIFICATE)


def units_of_central(configs: Path) -> UnitsOfCentral | None:
    """Ask this machine's central for its units; None where it has no central."""
    path = configs / "central.toml"
    try:
        socket = NodeFiles.load(path).socket
    except ConfigRefused:
        return None  # no central here, or its journal is in a database, and another check tells it
    try:
        with contextlib.closing(NodeClient(f"{UNIX_PREFIX}{socket}", name="central")) as client:
            body = client.call("GET", UNITS_PATH, within_s=ANSWER_MAX_S, max_bytes=UNITS_MAX_BYTES)
        return UnitsOfCentral(tuple(decode(body, UnitsTold, peer="central").units))
    except PitboardError as error:
        return UnitsOfCentral(reason=str(error))


def _versions(status: UnitStatus | None, units: UnitsOfCentral | None) -> Iterator[tuple[str, str]]:
    """Yield (who, version) of all that tell this machine theirs."""
    if status is not None:
        yield status.name, status.version
        for display in status.displays:
            yield display.name, display.version
    for unit in () if units is None else units.units:
        if unit.status is not None:
            yield unit.name, unit.status.version
