"""Which address a node tells the venue, and which of another's it knocks at."""

from __future__ import annotations

from pitboard.presence.venue_mdns import addresses_to_tell, nearest


def test_a_unit_on_a_network_that_leads_nowhere_tells_its_address_and_not_loopback() -> None:
    assert addresses_to_tell({"127.0.0.1", "192.0.2.7"}, routed=None) == ["192.0.2.7"]


def test_a_unit_on_two_networks_tells_both_the_routed_one_first() -> None:
    own = {"127.0.0.1", "192.0.2.7", "198.51.100.4"}
    assert addresses_to_tell(own, routed="198.51.100.4") == ["198.51.100.4", "192.0.2.7"]


def test_a_unit_without_any_network_is_still_found_on_its_own_machine() -> None:
    assert addresses_to_tell({"127.0.0.1"}, routed="127.0.0.1") == ["127.0.0.1"]


def test_of_two_addresses_the_one_on_our_own_network_is_asked() -> None:
    told = ["198.51.100.4", "192.0.2.7"]
    assert nearest(told, {"127.0.0.1/8", "192.0.2.20/24"}) == "192.0.2.7"
    assert nearest(told, {"127.0.0.1/8"}) == "198.51.100.4"
