"""Which address a node tells the venue, and at which of another's it is knocked."""

from __future__ import annotations

from pitboard.presence.venue_addresses import addresses_to_tell, places_of, url_host

OWN = {"127.0.0.1/8", "192.0.2.20/24", "10.42.0.1/24", "fe80::5%eth0/64", "fe80::6%wlan0/64", "fe80::1%lo/64"}


def test_a_unit_on_a_network_that_leads_nowhere_tells_its_address_and_not_loopback() -> None:
    assert addresses_to_tell({"127.0.0.1", "192.0.2.7"}, routed=None) == ["192.0.2.7"]


def test_a_unit_on_two_networks_tells_both_the_routed_one_first() -> None:
    own = {"127.0.0.1", "192.0.2.7", "198.51.100.4"}
    assert addresses_to_tell(own, routed="198.51.100.4") == ["198.51.100.4", "192.0.2.7"]


def test_a_unit_without_any_network_is_still_found_on_its_own_machine() -> None:
    assert addresses_to_tell({"127.0.0.1"}, routed="127.0.0.1") == ["127.0.0.1"]


def test_a_unit_with_nothing_but_a_link_local_address_tells_that_one_without_its_interface() -> None:
    assert addresses_to_tell({"127.0.0.1", "::1", "fe80::7%eth0"}, routed=None) == ["fe80::7"]
    own = {"fe80::7%eth0", "2001:db8::7", "192.0.2.7"}
    assert addresses_to_tell(own, routed=None) == ["192.0.2.7", "2001:db8::7", "fe80::7"]


def test_the_address_on_our_own_network_is_asked_first_and_the_others_after_it() -> None:
    told = ["198.51.100.4", "192.0.2.7"]
    assert places_of(told, OWN) == ["192.0.2.7", "198.51.100.4"]
    assert places_of(told, {"127.0.0.1/8"}) == ["198.51.100.4", "192.0.2.7"]


def test_our_own_address_is_never_another_nodes() -> None:
    assert places_of(["10.42.0.1", "192.0.2.7"], OWN) == ["192.0.2.7"]


def test_a_node_on_this_very_machine_is_asked_at_our_own_address() -> None:
    assert places_of(["192.0.2.20", "10.42.0.1"], OWN) == ["192.0.2.20", "10.42.0.1"]
    assert places_of(["127.0.0.1"], OWN) == ["127.0.0.1"]


def test_a_link_local_address_is_tried_on_each_interface() -> None:
    assert places_of(["fe80::9"], OWN) == ["fe80::9%eth0", "fe80::9%wlan0"]
    assert url_host("fe80::9%eth0") == "[fe80::9%eth0]"
