"""What the bridge tells that is kept for the day's timing report: what the sensors are, and how the two
systems of a line were found to agree."""

from __future__ import annotations

from importlib.metadata import version

from pitboard.errors import JournalLost
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import SensorTold
from pitboard.unit_api.program_calls import BridgeReport
from pitboard.unit_api.unit_status import SensorStatus
from trackside.timing.act_writer import ActWriter
from trackside.timing.systems_check import SystemsChecks

SOFTWARE = version("pitboard")


class BridgeRecords:
    """Writes each thing once a start, and again where it changes; what a disk refuses waits."""

    def __init__(self, writer: ActWriter, checks: SystemsChecks) -> None:
        self._writer = writer
        self._checks = checks
        self._told: dict[str, SensorTold] = {}
        self._waiting: list[Body] = []

    async def take(self, report: BridgeReport) -> None:
        self._waiting += self._checks.hear(report.systems)
        if self._writer.unit_key not in self._writer.replica.fold.roster.enrolled():
            return
        for told in map(_told_of, report.sensors):
            if told.kind and self._told.get(told.sensor) != told:
                self._told[told.sensor] = told
                self._waiting.append(told)
        bodies, self._waiting = self._waiting, []
        if bodies:
            try:
                await self._writer.replica.append(*bodies)
            except JournalLost:
                self._waiting = bodies + self._waiting


def _told_of(sensor: SensorStatus) -> SensorTold:
    return SensorTold(
        sensor=sensor.sensor,
        kind=sensor.kind,
        gate=sensor.gate,
        system=sensor.system,
        device=sensor.device,
        firmware=sensor.firmware,
        software=SOFTWARE,
    )
