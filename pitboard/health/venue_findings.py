"""What a machine has of the others at the venue: who is heard, central, what waits for it, versions. Pure.

The doctor looks for itself on any machine; a unit's own programs know it already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from pitboard.errors import LOSS_REASONS, LossCode
from pitboard.health.findings import Finding
from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, DISPLAY_SERVICE, UNIT_SERVICE

NAMES_MAX_COUNT = 3
Heard = Mapping[str, Iterable[FoundNode]]
"""{service: nodes that announce it}"""


class CentralAnswer(NamedTuple):
    """Where central was asked, and why it cannot be used; None where it answered as itself."""

    url: str
    loss: LossCode | None


class UnitTold(msgspec.Struct):
    version: str = ""
    waiting_count: int = 0


class WatchedUnit(msgspec.Struct):
    name: str
    is_silent: bool
    status: UnitTold | None = None


class UnitsTold(msgspec.Struct):
    """The part of central's answer that the doctor reads."""

    units: list[WatchedUnit]


@dataclass(frozen=True, slots=True)
class UnitsOfCentral:
    """What this machine's central says of its units; `reason` is why it says nothing."""

    units: tuple[WatchedUnit, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSeen:
    """One look at the others. What is on this machine itself is no other, but `has_central` counts it too.

    `central_at` is where central answers on a network of this machine's own; `is_central_well` says that it
    answers anywhere. `waiting_count` is None where nothing of this machine has to reach central. `versions`
    are what other machines and this one's running programs say, by their names.
    """

    is_on: bool = True
    units: int = 0
    displays: int = 0
    has_central: bool = False
    central_at: str = ""
    is_central_well: bool = False
    waiting_count: int | None = None
    own_version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


class OtherMachines(NamedTuple):
    """Of one event, as they announce themselves; central counts on this machine too."""

    units: int
    displays: int
    has_central: bool


def other_machines(heard: Heard, event_key: str, own: Iterable[str]) -> OtherMachines:
    """Return how many machines of the event are heard that are not this one."""
    here = frozenset(own)

    def others(service: str) -> set[str]:
        of_event = [one for one in heard.get(service, ()) if one.properties.get("event") == event_key]
        ours = {one.name for one in of_event if one.host in here}
        return {one.name for one in of_event} - ours

    centrals = [one for one in heard.get(CENTRAL_SERVICE, ()) if one.properties.get("event") == event_key]
    return OtherMachines(len(others(UNIT_SERVICE)), len(others(DISPLAY_SERVICE)), bool(centrals))


def venue_findings(seen: VenueSeen) -> Iterator[Finding]:
    """Yield a finding for each thing that this machine can know of the others."""
    if seen.is_on:
        yield _heard(seen)
    yield from _backlog(seen)
    yield from _versions(seen)


def _heard(seen: VenueSeen) -> Finding:
    if seen.central_at and not seen.has_central:
        return Finding(
            code="mdns-filtered",
            colour="yellow",
            sentence=f"Central answers at {seen.central_at} and is not heard by mDNS: the network "
            "filters it.",
            advice="Machines do not find each other by themselves: use a switch of your own, or name the "
            "units in display.toml (units) and under [lan] of trackside.toml.",
            fields={"place": seen.central_at},
        )
    if seen.units or seen.displays or seen.has_central:
        central = "central" if seen.has_central else "no central"
        return Finding(
            code="mdns" if seen.has_central else "mdns-without-central",
            colour="green",
            sentence=f"Heard by mDNS: other units {seen.units}, displays {seen.displays}, {central}.",
            fields={"units": seen.units, "displays": seen.displays},
        )
    if seen.is_central_well:
        return Finding(
            code="mdns-nobody",
            colour="green",
            sentence="No other machine is heard by mDNS; central answers from another network.",
        )
    return Finding(
        code="mdns-alone",
        colour="yellow",
        sentence="No other machine of this event is heard.",
        advice="Where there are others, look at cable and switch; some Wi-Fi keeps its guests apart.",
    )


def _backlog(seen: VenueSeen) -> Iterator[Finding]:
    if seen.waiting_count is None:
        return
    if seen.waiting_count and not seen.is_central_well:
        yield Finding(
            code="backlog-waits",
            colour="yellow",
            sentence=f"Central has not everything of this unit yet: {seen.waiting_count} records wait.",
            advice="They go by themselves once central answers; do not take this unit home before.",
            fields={"count": seen.waiting_count},
        )
    elif seen.waiting_count:
        yield Finding(
            code="backlog-goes",
            colour="green",
            sentence=f"Records on their way to central: {seen.waiting_count}.",
            fields={"count": seen.waiting_count},
        )
    elif seen.is_central_well:
        yield Finding(code="backlog", colour="green", sentence="Central has everything of this unit.")


def _versions(seen: VenueSeen) -> Iterator[Finding]:
    apart = {name: one for name, one in seen.versions.items() if one and one != seen.own_version}
    if apart:
        named = [f"{name} {one}" for name, one in sorted(apart.items())]
        rest = f" +{len(named) - NAMES_MAX_COUNT}" if len(named) > NAMES_MAX_COUNT else ""
        who = ", ".join(named[:NAMES_MAX_COUNT]) + rest
        yield Finding(
            code="versions-apart",
            colour="yellow",
            sentence=f"Not all have one version: here {seen.own_version}, {who}.",
            advice="They work together; bring all to one version between two days, by pitboard upgrade.",
            fields={"version": seen.own_version, "who": who},
        )
    elif any(seen.versions.values()):
        yield Finding(
            code="versions",
            colour="green",
            sentence=f"All that tell it have version {seen.own_version}.",
            fields={"version": seen.own_version},
        )


def central_findings(answer: CentralAnswer | None) -> Iterator[Finding]:
    """Yield whether central answers as the one of the enrolment; nothing where this machine knows none."""
    if answer is None:
        return
    place = urlsplit(answer.url).netloc
    if answer.loss is None:
        yield Finding(
            code="central-answers",
            colour="green",
            sentence=f"Central answers at {place}, under the certificate of the enrolment.",
            fields={"place": place},
        )
    elif answer.loss is LossCode.OTHER_CERTIFICATE:
        yield Finding(
            code="central-other-certificate",
            colour="red",
            sentence=f"At {place} answers another certificate than central's at the enrolment.",
            advice="See that no other machine has this address. Was central made anew, put back its "
            "central.tls.pem, or enrol this machine again.",
            fields={"place": place},
        )
    else:
        yield Finding(
            code="central-away",
            colour="yellow",
            sentence=f"Central is not reached at {place}: {LOSS_REASONS[answer.loss]}.",
            advice="Timing goes on. See that central runs, and look at the cable; where its address is "
            "another one, type: pitboard central-address",
            fields={"place": place, "reason": LOSS_REASONS[answer.loss]},
        )


def units_findings(told: UnitsOfCentral | None) -> Iterator[Finding]:
    """Yield of central's units who is silent, and whose records are still to come."""
    if told is None:
        return
    if told.reason:
        yield Finding(
            code="central-silent",
            colour="red",
            sentence=f"This machine's central does not answer: {told.reason}.",
            advice="See what is said of central above; with 'only its own user', type sudo in front.",
            fields={"reason": told.reason},
        )
    waiting = {one.name: one.status.waiting_count for one in told.units if one.status is not None}
    silent = [one.name for one in told.units if one.is_silent]
    late = [f"{name} {count}" for name, count in waiting.items() if count and name not in silent]
    if silent:
        named = [f"{name} (+{waiting[name]})" if waiting.get(name) else name for name in silent]
        yield Finding(
            code="units-silent",
            colour="yellow",
            sentence=f"Nothing is heard of these units: {', '.join(named)}.",
            advice="Switch them on, or look at their cable; what they have comes when they are there.",
            fields={"who": ", ".join(named)},
        )
    if late:
        yield Finding(
            code="units-late",
            colour="green",
            sentence=f"Records of these units are on their way: {', '.join(late)}.",
            fields={"who": ", ".join(late)},
        )
    if told.units and not silent and not late:
        yield Finding(
            code="units-well",
            colour="green",
            sentence=f"All units are heard, and central has all they have: {len(told.units)}.",
            fields={"count": len(told.units)},
        )
