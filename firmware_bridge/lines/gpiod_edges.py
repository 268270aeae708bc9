"""Edges through libgpiod 2: the kernel's stamps and its own count of each pin's edges; no thread, no polling.

What the kernel drops is seen: `line_seqno` leaps where its buffer was full."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware_bridge.lines.gpio_edge import Edge, EdgeSource, GpioSetting, find_chip
from pitboard.errors import BeamLost, PortCode, PortTrouble

# The kernel's limit is 16 a pin by default: one chattering edge.
KERNEL_BUFFER_EDGES = 1_024


class GpiodEdges:
    """Pins of one request. `request` is a gpiod.LineRequest."""

    def __init__(
        self, *, request: Any, pins: Sequence[int], rising: Any, on_edge: Callable[[Edge], None]
    ) -> None:
        self._request = request
        self._channels = {pin: channel for channel, pin in enumerate(pins, 1)}
        self._pins = list(pins)
        self._rising = rising
        self._on_edge = on_edge
        self._trouble: OSError | None = None

    def levels(self) -> Sequence[bool]:
        if self._trouble is not None:
            raise self._trouble
        return [bool(value) for value in self._request.get_values(self._pins)]

    def on_readable(self) -> None:
        """Hand on the edges that wait. A chip that went away is noticed here, and told by `levels`."""
        try:
            events = self._request.read_edge_events()
        except OSError as error:
            self._trouble = error
            # Else the loop would call us without pause.
            asyncio.get_running_loop().remove_reader(self._request.fd)
            return
        for event in events:
            self._on_edge(
                Edge(
                    channel=self._channels[event.line_offset],
                    is_high=event.event_type == self._rising,
                    mono_ns=event.timestamp_ns,
                    kernel_seq=event.line_seqno,
                )
            )


@contextmanager
def open_gpiod_edges(setting: GpioSetting, on_edge: Callable[[Edge], None]) -> Iterator[EdgeSource]:
    """Open the pins within a running loop. Raises BeamLost with one sentence."""
    name = f"GPIO {', '.join(map(str, setting.pins))}"
    try:
        import gpiod
    except ImportError as error:
        trouble = PortTrouble(PortCode.PACKAGE_MISSING, {"package": "gpiod"})
        raise BeamLost(port=name, trouble=trouble) from error
    if not hasattr(gpiod, "request_lines"):
        trouble = PortTrouble(PortCode.PACKAGE_OLD, {"package": "gpiod", "version": "2.1"})
        raise BeamLost(port=name, trouble=trouble)
    chip = find_chip(setting.chip)
    try:
        request = _request(gpiod, chip, setting)
    except (OSError, ValueError) as error:
        trouble = PortTrouble(PortCode.PINS_REFUSED, {"giver": str(chip), "text": str(error)})
        raise BeamLost(port=name, trouble=trouble) from error
    edges = GpiodEdges(
        request=request, pins=setting.pins, rising=gpiod.EdgeEvent.Type.RISING_EDGE, on_edge=on_edge
    )
    loop = asyncio.get_running_loop()
    loop.add_reader(request.fd, edges.on_readable)
    try:
        yield edges
    finally:
        loop.remove_reader(request.fd)
        request.release()


def _request(gpiod: Any, chip: Path, setting: GpioSetting) -> Any:
    line = gpiod.line
    bias = {"up": line.Bias.PULL_UP, "down": line.Bias.PULL_DOWN, "none": line.Bias.DISABLED}
    edge = {"both": line.Edge.BOTH, "rising": line.Edge.RISING, "falling": line.Edge.FALLING}
    settings = gpiod.LineSettings(
        direction=line.Direction.INPUT,
        edge_detection=edge[setting.edge],
        bias=bias[setting.pull],
        event_clock=line.Clock.MONOTONIC,
    )
    return gpiod.request_lines(
        str(chip),
        consumer="pitboard",
        config={tuple(setting.pins): settings},
        event_buffer_size=KERNEL_BUFFER_EDGES,
    )
