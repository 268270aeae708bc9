"""What a machine has of the others has one colour each, and central is known by its certificate alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pitboard.errors import LossCode
from pitboard.health.findings import Finding, worst
from pitboard.health.venue_findings import (
    CentralAnswer,
    UnitsOfCentral,
    UnitTold,
    VenueSeen,
    WatchedUnit,
    central_findings,
    other_machines,
    units_findings,
    venue_findings,
)
from pitboard.health.venue_look import ask_central
from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.venue_addresses import near_place
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, DISPLAY_SERVICE, UNIT_SERVICE
from pitboard.sentences.language import LANGUAGES, language
from pitboard.trust.certificate import Certificate
from tests.pitboard.doors.test_node_client import answering, box
from tests.race_story import ROOT, enrolled_as

WELL = VenueSeen(
    units=1,
    displays=2,
    has_central=True,
    central_at="192.0.2.7",
    is_central_well=True,
    waiting_count=0,
    own_version="0.2",
    versions={"Grandstand": "0.2"},
)
CENTRAL = "https://192.0.2.7:8081"


def codes(findings: list[Finding]) -> dict[str, str]:
    return {one.code: one.colour for one in findings}


def test_a_unit_among_its_venue_is_green_throughout() -> None:
    found = list(venue_findings(WELL))
    assert codes(found) == {"mdns": "green", "backlog": "green", "versions": "green"}
    assert worst(found) == "green"


@pytest.mark.parametrize(
    ("seen", "code", "colour"),
    [
        (replace(WELL, has_central=False), "mdns-filtered", "yellow"),
        (replace(WELL, has_central=False, central_at=""), "mdns-without-central", "green"),
        (replace(WELL, units=0, displays=0, has_central=False, central_at=""), "mdns-nobody", "green"),
        (VenueSeen(), "mdns-alone", "yellow"),
        (replace(WELL, waiting_count=7), "backlog-goes", "green"),
        (replace(WELL, waiting_count=7, is_central_well=False), "backlog-waits", "yellow"),
        (replace(WELL, versions={"Grandstand": "0.1", "Old": ""}), "versions-apart", "yellow"),
    ],
)
def test_a_trouble_with_the_others_has_its_colour_and_says_what_to_do(
    seen: VenueSeen, code: str, colour: str
) -> None:
    found = {one.code: one for one in venue_findings(seen)}
    assert found[code].colour == colour
    assert bool(found[code].advice) == (colour != "green")


def test_a_machine_that_does_not_listen_says_nothing_of_whom_it_hears() -> None:
    assert not [code for code in codes(list(venue_findings(VenueSeen(is_on=False)))) if "mdns" in code]


def test_many_other_versions_are_counted_beyond_three() -> None:
    seen = replace(WELL, versions={f"D{number}": "0.1" for number in range(5)})
    [apart] = [one for one in venue_findings(seen) if one.code == "versions-apart"]
    assert apart.fields["who"] == "D0 0.1, D1 0.1, D2 0.1 +2"


def test_what_is_said_of_the_others_is_said_in_every_language() -> None:
    seen = [WELL, VenueSeen(waiting_count=3), replace(WELL, has_central=False, versions={"D": "0.1"})]
    seen += [replace(WELL, waiting_count=7, has_central=False, central_at="", units=0, displays=0)]
    seen += [replace(WELL, has_central=False, central_at="")]
    found = [one for look in seen for one in venue_findings(look)]
    for answer in (None, LossCode.NO_ANSWER, LossCode.OTHER_CERTIFICATE):
        found += central_findings(CentralAnswer(CENTRAL, answer))
    silent = WatchedUnit(name="Track B", is_silent=True)
    late = WatchedUnit(name="Track A", is_silent=False, status=UnitTold(waiting_count=4))
    for told in (
        UnitsOfCentral(reason="r"),
        UnitsOfCentral((silent, late)),
        UnitsOfCentral((replaced(late),)),
    ):
        found += units_findings(told)
    assert len({one.code for one in found}) == 17
    for code in LANGUAGES:
        for one in found:
            words = language(code)
            assert words.knows(f"touch.machine-{one.code}"), one.code
            assert bool(one.advice) == words.knows(f"touch.machine-{one.code}-do"), one.code
            assert "{" not in "".join(one.spoken(words))


def replaced(unit: WatchedUnit) -> WatchedUnit:
    return WatchedUnit(name=unit.name, is_silent=False, status=UnitTold())


def test_a_central_names_its_units_that_are_silent_and_those_that_are_behind() -> None:
    silent = WatchedUnit(name="Track B", is_silent=True, status=UnitTold(waiting_count=9))
    never = WatchedUnit(name="Track C", is_silent=True)
    late = WatchedUnit(name="Track A", is_silent=False, status=UnitTold(waiting_count=4))
    found = list(units_findings(UnitsOfCentral((silent, late, never))))
    said = {one.code: one.fields["who"] for one in found}
    assert said == {"units-silent": "Track B (+9), Track C", "units-late": "Track A 4"}
    assert codes(found) == {"units-silent": "yellow", "units-late": "green"}
    assert list(units_findings(None)) == []


def heard(name: str, host: str, *, event: str = ROOT.key) -> FoundNode:
    return FoundNode(name=name, host=host, port=1, properties={"event": event})


def test_neither_this_machine_nor_another_event_is_another_machine() -> None:
    nodes = {
        UNIT_SERVICE: [heard("a", "192.0.2.20"), heard("b", "192.0.2.8"), heard("b", "10.42.0.8")],
        DISPLAY_SERVICE: [heard("c", "192.0.2.9", event="other")],
        CENTRAL_SERVICE: [heard("d", "192.0.2.20")],
    }
    assert other_machines(nodes, ROOT.key, {"192.0.2.20", "127.0.0.1"}) == (1, 0, True)
    assert other_machines({}, ROOT.key, set()) == (0, 0, False)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://192.0.2.7:8081", "192.0.2.7"),
        ("https://192.0.2.20:8081", ""),  # this very machine
        ("https://198.51.100.7:8081", ""),  # behind a router, where nobody is heard
        ("https://127.0.0.1:8081", ""),
        ("https://central.local:8081", ""),  # a name says nothing of where it leads
        ("", ""),
    ],
)
def test_central_is_near_where_a_network_of_ours_has_it(url: str, place: str) -> None:
    assert near_place(url, {"192.0.2.20/24", "127.0.0.1/8", "fe80::5%eth0/64"}) == place


def test_central_is_asked_where_it_was_and_then_where_it_is_announced(tmp_path: Path) -> None:
    certificate = Certificate.load_or_create(tmp_path / "central.tls.pem")
    other = Certificate.load_or_create(tmp_path / "other.tls.pem")
    answer = answering(b"{}")
    with (
        box(answer, certificate.server_context()) as (_, url),
        box(answer, other.server_context()) as (_, wrong),
    ):
        told = enrolled_as("Track A", event="Cup")
        told = type(told)(
            event=told.event,
            event_key=ROOT.key,
            name=told.name,
            central=wrong,
            central_fingerprint=certificate.fingerprint,
        )
        assert ask_central(told, {}) == CentralAnswer(wrong, LossCode.OTHER_CERTIFICATE)
        port = int(url.rpartition(":")[2])
        node = FoundNode(name="c", host="127.0.0.1", port=port, properties={"event": ROOT.key})
        assert ask_central(told, {CENTRAL_SERVICE: [node]}) == CentralAnswer(url, None)
    [finding] = central_findings(CentralAnswer(wrong, LossCode.OTHER_CERTIFICATE))
    assert finding.colour == "red"
