"""Tell a passing that comes again from another one, where a device names them by nothing but its clock.

A clock that was set back says the same times once more. So a time that was said before is another passing
where its line is in time by a later setting of the clock; else it is said again. Where the clock's next lines
must tell, it waits for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import sha256

from firmware_bridge.decoders.decoder import Event
from firmware_bridge.makers.device_clock import APART_MIN_NS, DeviceClock

SEEN_MAX_COUNT = 32_768
WAITING_MAX_COUNT = 64
NUMBER_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedLine:
    """A line as it came. `key` is all that tells its passing from others; `tick_us` is on `clock`."""

    key: Hashable
    event: Event
    tick_us: int
    clock: DeviceClock
    received_mono_ns: int
    boot_id: str

    @property
    def number(self) -> int:
        """What another passing with a key that is taken is called: by when it came, as in the raw log."""
        return number_of(f"{self.key}|{self.boot_id}|{self.received_mono_ns}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    setting: str
    received_mono_ns: int
    boot_id: str


class TimeNames:
    """Remembers the latest keys, each with the setting of the clock under which its passing came."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Hashable, _Sight] = OrderedDict()
        self._waiting: list[TimedLine] = []

    def is_known(self, key: Hashable) -> bool:
        """Return whether a passing with this key came before; it is then remembered as the latest."""
        if key not in self._seen:
            return False
        self._seen.move_to_end(key)
        return True

    def remember(self, line: TimedLine, setting: str) -> None:
        """Note that the line became a passing under this setting of the clock."""
        self._seen[line.key] = _Sight(
            setting=setting, received_mono_ns=line.received_mono_ns, boot_id=line.boot_id
        )
        self._seen.move_to_end(line.key)
        if len(self._seen) > SEEN_MAX_COUNT:
            self._seen.popitem(last=False)

    def is_another(self, line: TimedLine) -> bool:
        """Return whether a line with a known key tells of another passing; where not, it may wait."""
        if self._is_set_since(line) and line.clock.is_in_time(line.tick_us, line.received_mono_ns):
            return True
        self._waiting = [*self._waiting, line][-WAITING_MAX_COUNT:]
        return False

    def found(self, *, is_in_time: bool, boot_id: str) -> list[TimedLine]:
        """Return which of those that waited are others, after a line that was in time or was not."""
        others, waiting = [], []
        for line in self._waiting:
            if line.boot_id != boot_id:
                continue
            if not self._is_set_since(line):
                # A line in time shows that the clock ran on: what waited was only said again.
                waiting += [] if is_in_time else [line]
            elif not line.clock.is_sure:
                waiting.append(line)
            elif line.clock.is_in_time(line.tick_us, line.received_mono_ns):
                others.append(line)
        self._waiting = waiting
        return others

    def _is_set_since(self, line: TimedLine) -> bool:
        seen = self._seen.get(line.key)
        if seen is None:
            return False
        is_apart = seen.boot_id != line.boot_id or (
            line.received_mono_ns - seen.received_mono_ns >= APART_MIN_NS
        )
        return is_apart and (seen.boot_id, seen.setting) != (line.boot_id, line.clock.setting)


def number_of(said: str) -> int:
    """Return the number of the passing of which this was said."""
    return int.from_bytes(sha256(said.encode()).digest()[:NUMBER_BYTES], "big") + 1
