"""Watch a device's record numbers for losses.

The surprising rule: a number that goes back is no loss. Either a record came again or the device restarted,
and the caller decides which, since only the clock of the device can tell."""

from collections import OrderedDict
from collections.abc import Hashable


class PassingSequence:
    """The numbers of one device, modulo `modulus`; half of them count as ahead and half as behind."""

    def __init__(self, *, modulus: int) -> None:
        self._modulus = modulus
        self._last: int | None = None

    def is_behind(self, number: int) -> bool:
        if self._last is None:
            return False
        return (number - self._last) % self._modulus >= self._modulus // 2 or number == self._last

    def step(self, number: int) -> tuple[int, int] | None:
        """Take the next number; return the first and last of those it leaps over, or None."""
        last, self._last = self._last, number
        if last is None:
            return None
        leap = (number - last) % self._modulus
        if leap <= 1:
            return None
        return (last + 1) % self._modulus, (number - 1) % self._modulus

    def restart(self, number: int | None = None) -> None:
        """Forget the numbers so far: the device began anew, with `number` where it is known."""
        self._last = number


class SeenBefore:
    """Remembers the latest `max_count` keys, so that a record delivered twice counts once."""

    def __init__(self, *, max_count: int) -> None:
        self._max_count = max_count
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Hashable) -> bool:
        """Return whether the key was known; it is remembered from now on, as the latest."""
        if key in self._keys:
            self._keys.move_to_end(key)
            return True
        self._keys[key] = None
        if len(self._keys) > self._max_count:
            self._keys.popitem(last=False)
        return False
