"""Where central may be now: as it announces itself, and as enrolled units say that they reach it.

Only hints where to knock: central is known by its certificate's fingerprint, whatever its address."""

from __future__ import annotations

from collections.abc import Container, Iterable

from pitboard.presence.heard_nodes import FoundNode, node_url

PLACES_MAX_COUNT = 6


def central_places(
    centrals: Iterable[FoundNode], units: Iterable[FoundNode], *, event_key: str, enrolled: Container[str]
) -> list[str]:
    """Return URLs to try, the likeliest first: signed by the event's root, told by units, merely claimed."""
    ours = [node for node in centrals if node.properties.get("event") == event_key]
    signed = [node for node in ours if node.is_signed and node.properties.get("key") == event_key]
    told = [
        node.properties["ctl"]
        for node in units
        if node.is_signed and node.properties.get("key", "") in enrolled and "ctl" in node.properties
    ]
    claimed = [node_url(node) for node in ours if node not in signed]
    return list(dict.fromkeys([*map(node_url, signed), *told, *claimed]))[:PLACES_MAX_COUNT]
