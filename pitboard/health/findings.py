"""What the facts of a machine mean on a race day: green, yellow or red, each with what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from pitboard.health.machine_facts import MachineFacts
from pitboard.sentences.language import Language, Sentence

Colour = Literal["green", "yellow", "red"]

TEMPERATURE_WARM_MC = 75_000
TEMPERATURE_HOT_MC = 82_000  # a Raspberry Pi slows down from 80 to 85 degrees
DISK_LOW_BYTES = 500 * 1_024 * 1_024
DISK_OUT_BYTES = 50 * 1_024 * 1_024
WEAR_OLD_PERCENT = 80
CARELESS_FILESYSTEMS = ("vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "9p", "nfs", "nfs4", "cifs")
"""Which keep no journal of their own, or none that SQLite may rely on."""
CARELESS_OPTIONS = ("nobarrier", "barrier=0", "data=writeback")
"""Of ext4: what it said is written need not be on the card."""
MEMORY_LOW_PERCENT = 10
CLOCK_SET_UTC_MS = 1_735_689_600_000  # 2025-01-01: before that nobody has set it
_MIB = 1_024 * 1_024


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One check: a stable code, its colour, what is so, and what to do where it is not green.

    `says` is the catalogue's code where another language has the sentence under another one than this;
    `told` are a unit's own sentences, of the light that `says` names.
    """

    code: str
    colour: Colour
    sentence: str
    advice: str = ""
    fields: dict[str, str | int] = {}
    says: str = ""
    told: tuple[Sentence, ...] = ()

    def spoken(self, words: Language) -> tuple[str, str]:
        """Return (what is so, what to do) in a language; in English a finding speaks for itself."""
        code = self.says or f"touch.machine-{self.code}"
        if words.code == "en" or not words.knows(code) or (code.startswith("light.") and not self.told):
            return self.sentence, self.advice
        if self.told:
            return f"{words.say(code)}: {words.tell(self.told)}", self.advice
        do = f"{code}-do"
        advice = words.say(do, **self.fields) if self.advice and words.knows(do) else self.advice
        return words.say(code, **self.fields), advice


def machine_findings(facts: MachineFacts) -> Iterator[Finding]:
    """Yield a finding for each thing that could be read."""
    yield from _power(facts)
    yield from _temperature(facts)
    yield from _disk(facts)
    yield from _memory(facts)
    yield _clock(facts)
    yield _network(facts)


def _power(facts: MachineFacts) -> Iterator[Finding]:
    if facts.has_under_voltage is None:
        return
    if facts.has_under_voltage:
        yield Finding(
            code="power-low",
            colour="red",
            sentence="The power supply was too weak since the last start; the Pi may stop at any moment.",
            advice="Use the Pi's own supply and a short cable, and plug other devices into a powered hub.",
        )
    else:
        yield Finding(code="power", colour="green", sentence="The power supply is strong enough.")


def _temperature(facts: MachineFacts) -> Iterator[Finding]:
    if facts.temperature_mc is None:
        return
    degrees = facts.temperature_mc // 1_000
    if facts.temperature_mc >= TEMPERATURE_HOT_MC:
        yield Finding(
            code="temperature-hot",
            colour="red",
            sentence=f"The machine is at {degrees} °C and slows itself down.",
            advice="Put it in the shade, open its case, or give it a fan.",
            fields={"degrees": degrees},
        )
    elif facts.temperature_mc >= TEMPERATURE_WARM_MC:
        yield Finding(
            code="temperature-warm",
            colour="yellow",
            sentence=f"The machine is at {degrees} °C.",
            advice="Put it in the shade before it slows down.",
            fields={"degrees": degrees},
        )
    else:
        yield Finding(
            code="temperature",
            colour="green",
            sentence=f"The machine is at {degrees} °C.",
            fields={"degrees": degrees},
        )


def _disk(facts: MachineFacts) -> Iterator[Finding]:
    if facts.is_read_only:
        yield Finding(
            code="disk-read-only",
            colour="red",
            sentence="The disk can only be read: nothing new can be saved.",
            advice="The card is probably failing. Replace it; what other machines have comes back by itself.",
        )
    if facts.disk_free_bytes is None:
        yield Finding(
            code="disk-unknown",
            colour="red",
            sentence="The folder for the records is missing or cannot be looked at.",
            advice="Install this machine again with pitboard install; it makes the folder.",
        )
    else:
        yield _room(facts.disk_free_bytes)
    yield from _mount(facts)
    if facts.wear_percent is not None and facts.wear_percent >= WEAR_OLD_PERCENT:
        yield Finding(
            code="card-worn",
            colour="yellow",
            sentence=f"The card says that {facts.wear_percent} % of its life is used.",
            advice="Replace it before the next event.",
            fields={"percent": facts.wear_percent},
        )


def _mount(facts: MachineFacts) -> Iterator[Finding]:
    if facts.filesystem is None:
        return
    careless = [option for option in facts.mount_options if option in CARELESS_OPTIONS]
    if facts.is_in_memory:
        yield Finding(
            code="disk-in-memory",
            colour="red",
            sentence="The records lie in memory: a power cut takes them all.",
            advice="Switch the overlay file system off (raspi-config), or give the records a partition of "
            "their own; the venue guide says how.",
        )
    elif facts.filesystem in CARELESS_FILESYSTEMS or careless:
        how = ", ".join([facts.filesystem, *careless])
        yield Finding(
            code="disk-careless",
            colour="yellow",
            sentence=f"The records lie where a power cut may damage them: {how}.",
            advice="Put them on ext4 with its usual options; the venue guide has the line for /etc/fstab.",
            fields={"how": how},
        )
    else:
        yield Finding(
            code="disk-mount",
            colour="green",
            sentence=f"The records lie on {facts.filesystem}.",
            fields={"how": facts.filesystem},
        )


def _room(free_bytes: int) -> Finding:
    free_mib = free_bytes // _MIB
    if free_bytes < DISK_OUT_BYTES:
        return Finding(
            code="disk-full",
            colour="red",
            sentence=f"The disk is full: {free_mib} MiB are left.",
            advice="Delete what is not needed; new laps wait in memory until there is room.",
            fields={"free": f"{free_mib} MB"},
        )
    if free_bytes < DISK_LOW_BYTES:
        return Finding(
            code="disk-low",
            colour="yellow",
            sentence=f"The disk is nearly full: {free_mib} MiB are left.",
            advice="Delete what is not needed before the race.",
            fields={"free": f"{free_mib} MB"},
        )
    free = f"{free_mib // 1_024} GB" if free_mib >= 10 * 1_024 else f"{free_mib} MB"
    return Finding(
        code="disk", colour="green", sentence=f"The disk has {free_mib} MiB free.", fields={"free": free}
    )


def _memory(facts: MachineFacts) -> Iterator[Finding]:
    if facts.memory_available_kib is None or not facts.memory_total_kib:
        return
    percent = facts.memory_available_kib * 100 // facts.memory_total_kib
    if percent < MEMORY_LOW_PERCENT:
        yield Finding(
            code="memory-low",
            colour="yellow",
            sentence=f"Only {percent} % of the memory is free.",
            advice="Close other programs, or start this machine anew between two runs.",
            fields={"percent": percent},
        )
    else:
        yield Finding(
            code="memory",
            colour="green",
            sentence=f"{percent} % of the memory is free.",
            fields={"percent": percent},
        )


def _clock(facts: MachineFacts) -> Finding:
    if facts.utc_ms < CLOCK_SET_UTC_MS:
        return Finding(
            code="clock-not-set",
            colour="yellow",
            sentence="The clock was never set. Lap times are right; dates and times of day are not.",
            advice="Connect to the internet once, or set it: sudo date --set '2026-06-01 09:00'.",
        )
    if facts.is_clock_synchronised:
        return Finding(code="clock", colour="green", sentence="The clock is kept right over the network.")
    if facts.has_rtc:
        return Finding(
            code="clock-own",
            colour="green",
            sentence="The clock has a battery of its own; no time server was reached.",
        )
    if facts.has_time_client:
        return Finding(
            code="clock-may-jump",
            colour="yellow",
            sentence="The clock has no battery and met no time server yet: it jumps as soon as one answers.",
            advice="Lap times stay right. Connect it to a time server before the race, or add a clock "
            "module.",
        )
    return Finding(
        code="clock-alone",
        colour="yellow",
        sentence="The clock has no battery and no time server: a power cut puts it back.",
        advice="Lap times stay right. For true times of day add a clock module or a time server.",
    )


def _network(facts: MachineFacts) -> Finding:
    if not facts.addresses:
        return Finding(
            code="network-none",
            colour="red",
            sentence="There is no network: nobody else sees what happens here. Timing goes on.",
            advice="Look at the cable and at the lamp beside its socket.",
        )
    return Finding(
        code="network",
        colour="green",
        sentence=f"On the network as {', '.join(facts.addresses[:3])}.",
        fields={"places": ", ".join(facts.addresses[:3])},
    )


def worst(findings: list[Finding]) -> Colour:
    """Return red if anything is red, else yellow if anything is."""
    colours = {finding.colour for finding in findings}
    return "red" if "red" in colours else "yellow" if "yellow" in colours else "green"
