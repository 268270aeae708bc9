"""What is kept and read of what strangers announce, at the real bounds; who counts is heard all the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from zeroconf import (  # type: ignore[attr-defined]  # their names are there, not declared
    DNSAddress,
    DNSService,
    DNSText,
    RecordUpdate,
)
from zeroconf.const import _CLASS_IN, _TYPE_A, _TYPE_SRV, _TYPE_TXT

from pitboard.clock import ScriptedClock
from pitboard.presence import venue_mdns
from pitboard.presence.heard_nodes import (
    CLAIMS_OF_NODE_MAX_COUNT,
    FORGOTTEN_AFTER_S,
    NODES_MAX_COUNT,
    NODES_OF_ADDRESS_MAX_COUNT,
    HeardNodes,
)
from pitboard.presence.signed_advert import RECORD_MAX_BYTES, HeardAdvert, make_advert, read_advert
from pitboard.presence.venue_mdns import (
    CHECKS_OF_ALL,
    READS_OF_ALL,
    READS_OF_NAME,
    REMEMBERED_MAX_COUNT,
    UNIT_SERVICE,
    VenueBrowser,
    label_of,
)
from pitboard.trust.identity import Identity
from tests.race_story import STRANGER, UNIT_A, UNIT_B


def claim(number: int, *, port: int = 8_441, key: str = "", is_signed: bool = False) -> HeardAdvert:
    properties = {"unit": f"Box {number}", "key": key}
    address = f"10.0.{number >> 8}.{number & 255}"
    return HeardAdvert(properties=properties, addresses=(address,), port=port, is_signed=is_signed)


def kept(nodes: HeardNodes) -> set[str]:
    return {node.name for node in nodes.nodes([]).values()}


def test_of_strangers_64_nodes_are_kept_and_no_number_of_them_pushes_a_known_one_out() -> None:
    nodes = HeardNodes(lambda: [UNIT_A.key])
    assert nodes.hear("true", claim(65_000, key=UNIT_A.key, is_signed=True), now_s=0)
    for number in range(NODES_MAX_COUNT):
        assert nodes.hear(f"box-{number}", claim(number), now_s=1)
    assert kept(nodes) == {"true", *(f"box-{number}" for number in range(64))}
    nodes.hear("box-64", claim(64), now_s=1)
    assert kept(nodes) == {"true", *(f"box-{number}" for number in range(1, 65))}


def test_of_a_name_and_of_an_address_four_claims_of_strangers_are_kept() -> None:
    nodes = HeardNodes(lambda: [UNIT_A.key])
    of_name = [nodes.hear("box", claim(number), now_s=0) for number in range(5)]
    assert of_name == [True] * CLAIMS_OF_NODE_MAX_COUNT + [False]
    of_address = [nodes.hear(f"other-{port}", claim(999, port=port), now_s=0) for port in range(1, 6)]
    assert of_address == [True] * NODES_OF_ADDRESS_MAX_COUNT + [False]
    assert nodes.hear("box", claim(77, key=UNIT_A.key, is_signed=True), now_s=0), "who counts is no stranger"


def test_the_place_that_was_heard_last_is_knocked_at_first_however_often_a_unit_moved() -> None:
    """Of old places in front, each cost a try: the twelfth move left a display dark for 14 s."""
    nodes = HeardNodes(lambda: [UNIT_A.key])
    for move in range(12):
        nodes.hear("true", claim(move, key=UNIT_A.key, is_signed=True), now_s=move)
    nodes.hear("box", claim(500), now_s=12)
    nodes.hear("true", claim(3, key=UNIT_A.key, is_signed=True), now_s=13)  # it went back
    hosts = [node.host for node in nodes.nodes([]).values()]
    assert hosts == [f"10.0.0.{move}" for move in (3, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1, 0)] + ["10.0.1.244"]


def test_who_is_unheard_for_ten_minutes_is_forgotten() -> None:
    nodes = HeardNodes(list)
    nodes.hear("old", claim(1), now_s=0)
    nodes.hear("later", claim(2), now_s=FORGOTTEN_AFTER_S)
    assert kept(nodes) == {"old", "later"}
    nodes.hear("later", claim(2), now_s=FORGOTTEN_AFTER_S + 0.1)
    assert kept(nodes) == {"later"}


class Network:
    """A browser that is told records, on a scripted clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, known: Sequence[Identity] = (UNIT_A,)) -> None:
        self.clock = ScriptedClock()
        monkeypatch.setattr(venue_mdns, "SystemClock", lambda: self.clock)
        self.browser = VenueBrowser(UNIT_SERVICE, lambda: None, lambda: [one.key for one in known])

    def say(self, name: str, claims: dict[str, bytes]) -> None:
        self.tell(text_of(name, b"".join(entry(key, value) for key, value in claims.items())))

    def tell(self, *records: DNSText | DNSService | DNSAddress) -> None:
        updates = [RecordUpdate(one, None) for one in records]
        self.browser.async_update_records(None, 0, updates)  # type: ignore[arg-type]  # it asks nothing

    @property
    def read(self) -> set[str]:
        return {name.partition(".")[0] for name in self.browser._texts}

    @property
    def signed(self) -> set[str]:
        return {node.name for node in self.browser.found.values() if node.is_signed}


def entry(key: str, value: bytes) -> bytes:
    said = key.encode() + b"=" + value
    return bytes([len(said)]) + said


def text_of(name: str, text: bytes) -> DNSText:
    return DNSText(f"{name}.{UNIT_SERVICE}", _TYPE_TXT, _CLASS_IN, 120, text)


def true_claims(identity: Identity, utc_ms: int = 1) -> dict[str, bytes]:
    said = make_advert(
        {"unit": "Track A"}, addresses=["192.0.2.7"], port=8_441, utc_ms=utc_ms, identity=identity
    )
    return {key: value if isinstance(value, bytes) else value.encode() for key, value in said.items()}


def test_texts_are_read_so_often_and_a_known_name_whatever_else_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Network(monkeypatch)
    reads: list[str] = []
    hear = network.browser._hear

    def heard(name: str) -> bool:
        reads.append(name)
        return hear(name)

    monkeypatch.setattr(network.browser, "_hear", heard)
    for number in range(2 * READS_OF_ALL.burst):
        network.say(f"box-{number}", {"unit": b"B"})
    assert len(reads) == READS_OF_ALL.burst == 400
    network.say(label_of(UNIT_A.key), true_claims(UNIT_A))
    assert network.signed == {label_of(UNIT_A.key)}
    network.clock.advance(ms=1_000)
    reads.clear()
    for number in range(1_000):
        network.say(f"later-{number}", {"unit": b"B"})
    assert len(reads) == READS_OF_ALL.per_s == 100
    reads.clear()
    for _ in range(200):
        network.say(label_of(UNIT_A.key), {"unit": b"B"})
    assert len(reads) == READS_OF_NAME.burst == 60
    network.clock.advance(ms=1_000)
    reads.clear()
    for _ in range(200):
        network.say(label_of(UNIT_A.key), {"unit": b"B"})
    assert len(reads) == READS_OF_NAME.per_s == 20


def test_a_text_of_2000_bytes_is_read_and_a_longer_one_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch)
    filling = b"".join(entry("x", b"y" * 97) for _ in range(20))
    for name, size in (("fits", RECORD_MAX_BYTES), ("too-long", RECORD_MAX_BYTES + 1)):
        said = entry("unit", b"B") + entry("at", b"192.0.2.%d" % len(name)) + entry("port", b"9")
        room = size - len(said)
        last = room - len(filling[: room // 100 * 100])
        text = said + filling[: room // 100 * 100] + (bytes([last - 1]) + b"z" * (last - 1) if last else b"")
        assert len(text) == size
        network.tell(text_of(name, text))
    assert [node.name for node in network.browser.found.values()] == ["fits"]


def test_of_each_kind_of_record_256_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch)
    for number in range(REMEMBERED_MAX_COUNT + 1):
        network.clock.advance(ms=100)
        name, host = f"box-{number}.{UNIT_SERVICE}", f"box-{number}.local."
        network.say(f"box-{number}", {"unit": b"B"})
        network.tell(DNSService(name, _TYPE_SRV, _CLASS_IN, 120, 0, 0, 8_441, host))
        address = bytes([10, 0, number >> 8, number & 255])
        network.tell(DNSAddress(host, _TYPE_A, _CLASS_IN, 120, address))
    browser = network.browser
    assert [len(one) for one in (browser._texts, browser._servers, browser._hosts)] == [256] * 3
    assert f"box-0.{UNIT_SERVICE}" not in browser._texts


def test_forged_claims_of_known_keys_are_checked_so_often_and_no_true_one_stays_unchecked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fifty checks a second were of all claims together: forged ones used them up."""
    checked: list[str] = []

    def reading(text: bytes, may_check: object) -> HeardAdvert:
        def count(key: str) -> bool:
            may = bool(may_check(key))  # type: ignore[operator]
            checked.extend([key] * may)
            return may

        return read_advert(text, count)

    monkeypatch.setattr(venue_mdns, "read_advert", reading)
    network = Network(monkeypatch, known=(UNIT_A, UNIT_B))
    forged = {**true_claims(UNIT_A), "at": b"203.0.113.9"}
    strangers = true_claims(STRANGER)
    for number in range(CHECKS_OF_ALL.burst + 50):
        network.say(f"forged-{number}", forged)
        network.say(f"stranger-{number}", strangers)
    assert checked == [UNIT_A.key] * CHECKS_OF_ALL.burst, "and of no stranger's key"
    for _ in range(100):  # and under the true name of one
        network.say(label_of(UNIT_A.key), forged)
    network.say(label_of(UNIT_B.key), true_claims(UNIT_B))
    assert network.signed == {label_of(UNIT_B.key)}
    network.clock.advance(ms=1_000)
    network.say(label_of(UNIT_A.key), true_claims(UNIT_A))
    assert network.signed == {label_of(UNIT_A.key), label_of(UNIT_B.key)}
    checked.clear()
    for number in range(200):
        network.say(f"again-{number}", forged)
    assert len(checked) == CHECKS_OF_ALL.per_s
