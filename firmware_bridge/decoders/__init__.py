"""Every protocol that the bridge reads, by the name it has on the command line."""

from collections.abc import Callable

from firmware_bridge.decoders.alge import AlgeDecoder
from firmware_bridge.decoders.amb_text import AmbTextDecoder
from firmware_bridge.decoders.beamline import BeamlineDecoder
from firmware_bridge.decoders.decoder import Decoder
from firmware_bridge.decoders.lane_timers import ChampDecoder, FastTrackDecoder
from firmware_bridge.decoders.p3 import P3Decoder
from firmware_bridge.decoders.tns import TnsDecoder

DECODERS: dict[str, Callable[[], Decoder]] = {
    "beamline": BeamlineDecoder,
    "p3": P3Decoder,
    "amb-text": AmbTextDecoder,
    "alge": AlgeDecoder,
    "fasttrack": FastTrackDecoder,
    "champ": ChampDecoder,
    "tns": TnsDecoder,
}

# Those that can take records whose checksum field is 0000 or absent, where a device is known to send such.
UNCHECKED_DECODERS: dict[str, Callable[[], Decoder]] = {
    "p3": lambda: P3Decoder(accept_unchecked=True),
    "amb-text": lambda: AmbTextDecoder(accept_unchecked=True),
}

__all__ = ["DECODERS", "UNCHECKED_DECODERS", "Decoder"]
