"""What an official should know about who is on the network: said while it lasts, and a minute longer."""

from __future__ import annotations

from pitboard.clock import Clock
from pitboard.journal.replica import Replica
from pitboard.race.names import clean_name
from sync.exchanging.freshness import Standing

SHOWN_NS = 60_000_000_000
WARNINGS_MAX_COUNT = 16
SENTENCES = {
    Standing.UNPROVEN: "A stranger's box offers records: {who}. None of them counts; find it.",
    Standing.STRANGER: "A unit that is not enrolled offers records: {who}. None of them counts.",
    Standing.REVOKED: "A revoked unit is on the network: {who}. Nothing new from it counts.",
}
DAMAGED = "Damaged or forged records arrive; none is taken. Call the technician."


class TrustWarnings:
    """Keeps the last warnings, by whom they are about; bounded, the oldest gives way."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._said: dict[str, tuple[int, str]] = {}  # about whom -> when, sentence
        self._refused_count = replica.strangers.refused_count

    def see(self, name: str, address: str, standing: Standing) -> None:
        """Take note of how a node on the network stands; a proven one is no longer warned of."""
        if standing == Standing.PROVEN:
            self._said.pop(address, None)
            return
        who = f"{clean_name(name)[:40] or 'a box'} at {clean_name(address)}"
        self._say(address, SENTENCES[standing].format(who=who))

    def current(self) -> str | None:
        """Return the last warning that still holds."""
        strangers = self._replica.strangers
        if strangers.refused_count != self._refused_count:
            self._refused_count = strangers.refused_count
            self._say("damaged", DAMAGED)
        oldest_mono_ns = self._clock.mono_ns() - SHOWN_NS
        self._said = {about: said for about, said in self._said.items() if said[0] > oldest_mono_ns}
        if self._said:
            return list(self._said.values())[-1][1]
        turned_away = list(strangers.turned_away.values())
        return f"{turned_away[-1]}. Call the technician." if turned_away else None

    def _say(self, about: str, sentence: str) -> None:
        self._said.pop(about, None)
        self._said[about] = (self._clock.mono_ns(), sentence)
        if len(self._said) > WARNINGS_MAX_COUNT:
            del self._said[next(iter(self._said))]
