"""The venue's network: one namespace a node, joined by a bridge; central lies behind the gateway.

        unit-a  unit-b  display-1  display-2  gateway ---- central
           \\______\\_______ | ________/__________/
                         switch

The gateway forwards nothing: the crooked proxy on it is the only way to central, and multicast stays here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

PREFIX = "chaos-"
NODES = {"gateway": "10.77.0.1", "unit-a": "10.77.0.2", "unit-b": "10.77.0.3"}
NODES |= {"display-1": "10.77.0.4", "display-2": "10.77.0.5"}
UPLINK_GATEWAY = "10.78.0.1"
CENTRAL = "10.78.0.2"
CABLES = (*NODES, "central")


class VenueNetwork:
    """Namespaces and cables; a cable pulled takes the carrier from both of its ends."""

    async def build(self) -> None:
        await _ip("netns", "add", f"{PREFIX}switch")
        await _ip("-n", f"{PREFIX}switch", "link", "add", "venue", "type", "bridge", "mcast_snooping", "0")
        await _ip("-n", f"{PREFIX}switch", "link", "set", "venue", "up")
        for index, (node, address) in enumerate(NODES.items()):
            await _ip("netns", "add", f"{PREFIX}{node}")
            await _lay_cable(f"{PREFIX}switch", f"port{index}", f"{PREFIX}{node}", "eth0")
            await _ip("-n", f"{PREFIX}switch", "link", "set", f"port{index}", "master", "venue")
            await _give(node, "eth0", address)
        await _ip("netns", "add", f"{PREFIX}central")
        await _lay_cable(f"{PREFIX}gateway", "uplink", f"{PREFIX}central", "eth0")
        await _give("gateway", "uplink", UPLINK_GATEWAY)
        await _give("central", "eth0", CENTRAL)

    async def pull(self, node: str) -> None:
        """Pull the node's cable out."""
        await self._set(node, "down")

    async def plug(self, node: str) -> None:
        """Put the node's cable back."""
        await self._set(node, "up")

    async def _set(self, node: str, state: str) -> None:
        if node == "central":
            await _ip("-n", f"{PREFIX}gateway", "link", "set", "uplink", state)
        else:
            await _ip("-n", f"{PREFIX}switch", "link", "set", f"port{list(NODES).index(node)}", state)


def inside(node: str) -> Sequence[str]:
    """Return the command that becomes a program on this node."""
    return ("ip", "netns", "exec", f"{PREFIX}{node}")


async def _lay_cable(one: str, one_end: str, other: str, other_end: str) -> None:
    await _ip(
        *("-n", one, "link", "add", one_end, "type", "veth"),
        *("peer", "name", other_end, "netns", other),
    )
    await _ip("-n", one, "link", "set", one_end, "up")


async def _give(node: str, end: str, address: str) -> None:
    namespace = f"{PREFIX}{node}"
    await _ip("-n", namespace, "address", "add", f"{address}/24", "dev", end)
    await _ip("-n", namespace, "link", "set", end, "up")
    await _ip("-n", namespace, "link", "set", "lo", "up")


async def _ip(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "ip", *arguments, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    _, said = await process.communicate()
    if process.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {said.decode().strip()}")
