"""What the demo does to its own processes, and when: `--kill NAME@T` and `--cut-central A:B`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import click

VICTIMS = ("trackside", "bridge", "sync", "display", "central", "touch")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Blow:
    """At `at_s` seconds: kill and start again, or stop, or start."""

    at_s: float
    name: str
    act: Literal["kill", "stop", "start"]


class KillOption(click.ParamType[Blow]):
    """`trackside@12.5`"""

    name = "name@second"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Blow:
        match = re.fullmatch(r"([a-z]+)@(\d+(?:\.\d+)?)", str(value))
        if match is None or match[1] not in VICTIMS:
            self.fail(f"'{value}' is not NAME@SECOND with NAME one of {', '.join(VICTIMS)}", param, ctx)
        return Blow(at_s=float(match[2]), name=match[1], act="kill")


class SpanOption(click.ParamType[tuple[float, float]]):
    """`10:40`"""

    name = "from:to"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        match = re.fullmatch(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", str(value))
        if match is None or float(match[1]) >= float(match[2]):
            self.fail(f"'{value}' is not FROM:TO in seconds, FROM before TO", param, ctx)
        return float(match[1]), float(match[2])


def plan(kills: tuple[Blow, ...], cut_central: tuple[float, float] | None) -> list[Blow]:
    """Return all blows in order of time."""
    blows = list(kills)
    if cut_central is not None:
        blows.append(Blow(at_s=cut_central[0], name="central", act="stop"))
        blows.append(Blow(at_s=cut_central[1], name="central", act="start"))
    return sorted(blows)
