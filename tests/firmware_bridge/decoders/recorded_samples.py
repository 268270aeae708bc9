"""Short stretches of what real devices sent, for all tests of decoders: sample bytes, and events as stated.

`good_frame` of a protocol is one whole frame, `good_event` what it says."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.decoders.alge import AlgeDecoder, AlgeImpulse
from firmware_bridge.decoders.amb_text import AmbTextDecoder, AmbTextPassing
from firmware_bridge.decoders.decoder import Decoder, Event
from firmware_bridge.decoders.lane_timers import ChampDecoder, FastTrackDecoder, HeatResult, LaneTime
from firmware_bridge.decoders.p3 import P3Decoder, P3Passing
from firmware_bridge.decoders.tns import TnsDecoder
from firmware_bridge.decoders.tns_messages import TnsPassing

P3_PASSING_FRAME = bytes.fromhex(
    "8e0233009ec700000100 010448bc0100 03041d582c00 0408e805bfc4a41b0500"
    "05026a00 06023200 08020000 8104930f0200 8f"
)
P3_PASSING = P3Passing(
    passing_number=113736,
    transponder=2906141,
    rtc_us=1_437_769_372_993_000,
    strength=106,
    hits=50,
    flags=0,
    decoder=135059,
)
# From one day of a karting decoder: the checksum of the second happens to be 0000, the third is escaped,
# and number 157829 is missing before the last.
P3_DAY = bytes.fromhex(
    "8e021f004d7c0000020001022700070216000c01760601008104131804008f"
    "8e021f0000000000020001023100070216000c01760601008104131804008f"
    "8e0233008dae400000010001047c680200030473d756000408882878f31e8305000502b20006021f00080200008104131804008f"
    "8e02330025db0000010001047d6802000304403d320004083812edf31e8305000502aa0006022600080200008104131804008f"
    "8e02330069d500000100010484680200030473d756000408388cf0fd1e8305000502b40006022000080200008104131804008f"
    "8e0233007d240000010001048668020003042f7934000408380d686e1f83050005029d0006022400080200008104131804008f"
)


def amb_line(text: str) -> bytes:
    return b"\x01" + text.replace(" ", "\t").encode("ascii") + b"\r\n"


AMB_PASSING_LINE = amb_line("@ 20 2 8533156 596.126 400 163 2 x14F5")
AMB_PASSING = AmbTextPassing(
    seq=2, transponder=8533156, time_us=596_126_000, hits=400, strength=163, status=2
)
AMB_STRETCH = b"".join(
    map(
        amb_line,
        (
            "# 101 1378 0 x53D2",
            "@ 101 1379 8110984 2434.835 190 40 2 x26C0",
            "# 101 1380 0 xF64A",
            "@ 101 1381 8110984 2438.000 146 40 2 x3DD3",
            "# 101 1384 0 x3A8E",
            "@ 101 1385 8110984 2444.320 130 40 2 x7150",
        ),
    )
)

ALGE_IMPULSE_LINE = b" 0001 C0  10:04:55.6513 00\r"
ALGE_IMPULSE = AlgeImpulse(flag=" ", number=1, channel="C0", manual=False, time_of_day_us=36_295_651_300)
ALGE_STRETCH = b"""\
n0001
 0001 C0M 09:00:38.7600 00
c0001 C0M 09:00:38.7600 00
n0000
?0000 C1  09:17:08.0298 00
 0042 C1  11:01:49.1146 00
 0042 RT  00:01:18.14   00
 0042 TT  00:02:11.60   00
c0043 RT  00:01:06.10   00
i0043 C1  11:01:49.1146 00
i0043 RT  00:00:54.86   00
"""

FASTTRACK_LINE = b'A=4.009" B=3.261! C=4.129$ D=4.013# E=0.000  F=0.000\r\n'
FASTTRACK_RESULT = HeatResult(
    lanes=(
        LaneTime(lane=1, time_us=4_009_000, place=2),
        LaneTime(lane=2, time_us=3_261_000, place=1),
        LaneTime(lane=3, time_us=4_129_000, place=4),
        LaneTime(lane=4, time_us=4_013_000, place=3),
        LaneTime(lane=5, time_us=None, place=None),
        LaneTime(lane=6, time_us=None, place=None),
    )
)
# Made up around the values of one heat: no raw line of this timer was ever found.
CHAMP_LINE = b'A=2.9108$ B=2.5571# C=2.0852" D=1.7214!\r\n'
CHAMP_RESULT = HeatResult(
    lanes=(
        LaneTime(lane=1, time_us=2_910_800, place=4),
        LaneTime(lane=2, time_us=2_557_100, place=3),
        LaneTime(lane=3, time_us=2_085_200, place=2),
        LaneTime(lane=4, time_us=1_721_400, place=1),
    )
)

TNS_STORE_RECORD = b"CS5806117:24:08.642 3 0F  1001725030862"
TNS_STORE_PASSING = TnsPassing(
    chip="CS58061", time_of_day_us=62_648_642_000, date="2025-03-08", device=3, lap=1, number=0x17
)
TNS_PASSING_MESSAGE = (
    b"Start@Passing@t=13:11:30.904|c=0000041|ct=UH|d=120606|l=13|dv=4|re=0|an=00001111|g=0|b=41|n=41@1016@$"
)
TNS_PASSING = TnsPassing(
    chip="0000041", time_of_day_us=47_490_904_000, date="2012-06-06", device=4, lap=13, number=41
)
TNS_STRETCH = (
    b"Start@Pong@$\0\0"
    + TNS_PASSING_MESSAGE
    + b"\r\nX@Store@" + TNS_STORE_RECORD + b"@KV8658316:13:57.417 3 0F  1000025030870@7@$"
    + b"Start - Finish@Marker@2025-04-13 05:57:56.027|ext-gun|Extern gunshot@1@$"
    + b"X@Store@" + TNS_STORE_RECORD + b"@8@$X@Ping@$"
)  # fmt: skip


@dataclass(frozen=True)
class Protocol:
    decoder: Callable[[], Decoder]
    good_frame: bytes
    good_event: Event
    stretch: bytes


PROTOCOLS = {
    "p3": Protocol(P3Decoder, P3_PASSING_FRAME, P3_PASSING, P3_DAY),
    "amb-text": Protocol(AmbTextDecoder, AMB_PASSING_LINE, AMB_PASSING, AMB_STRETCH),
    "alge": Protocol(AlgeDecoder, ALGE_IMPULSE_LINE, ALGE_IMPULSE, ALGE_STRETCH),
    "fasttrack": Protocol(
        FastTrackDecoder, FASTTRACK_LINE, FASTTRACK_RESULT, b"RG0\r\n" + FASTTRACK_LINE * 2
    ),
    "champ": Protocol(ChampDecoder, CHAMP_LINE, CHAMP_RESULT, b"0\r\n1\r\n" + CHAMP_LINE * 2),
    "tns": Protocol(TnsDecoder, TNS_PASSING_MESSAGE, TNS_PASSING, TNS_STRETCH),
}
