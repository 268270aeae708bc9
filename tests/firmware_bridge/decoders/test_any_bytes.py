"""Whatever a line says, its maker makes of it only what trackside can take and the status can show."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.amb_text import AmbTextPassing, AmbTextStatus, encode_passing, encode_status
from firmware_bridge.decoders.p3 import P3Passing, encode_time
from firmware_bridge.decoders.p3 import encode_passing as encode_p3
from firmware_bridge.decoders.tns_messages import TnsPassing, encode_message, encode_passing_record
from firmware_bridge.makers.device_kinds import KINDS, make_maker
from firmware_bridge.makers.reading import HoldOff
from firmware_bridge.watch.sensor_watch import SensorSigns
from pitboard.unit_api.program_calls import Delivery
from tests.firmware_bridge.decoders.recorded_samples import PROTOCOLS

LINE_KINDS = sorted(set(KINDS) - {"gpio"})
ANY = st.one_of(st.integers(0, 100), st.integers(0, 10**30))
AMB = st.builds(
    AmbTextPassing,
    seq=ANY,
    transponder=ANY,
    time_us=ANY,
    hits=ANY,
    strength=ANY,
    status=ANY,
).map(encode_passing)
AMB_STATUS = st.builds(AmbTextStatus, seq=ANY, noise=ANY).map(encode_status)
P3 = st.builds(
    P3Passing,
    passing_number=st.none() | st.integers(0, 3) | st.integers(0, 2**32 - 1),
    transponder=st.none() | st.integers(0, 2**32 - 1),
    rtc_us=st.none() | st.integers(0, 10) | st.integers(0, 2**64 - 1),
    strength=st.none(),
    hits=st.none(),
    flags=st.none(),
    decoder=st.none() | st.integers(0, 1),
).map(encode_p3)
P3_TIME = st.builds(encode_time, rtc_us=st.integers(0, 2**64 - 1), decoder=st.just(1))
ALGE = st.builds(
    AlgeImpulse,
    flag=st.sampled_from(" ?cdimt"),
    number=st.integers(0, 9999),
    channel=st.sampled_from(["C0", "C1", "C9"]),
    manual=st.booleans(),
    time_of_day_us=st.one_of(st.integers(0, 86_400_000_000), ANY),
).map(encode_impulse)
TNS = st.builds(
    TnsPassing,
    chip=st.text("KV@0 é", min_size=1, max_size=200).map(lambda chip: chip.replace("@", "")),
    time_of_day_us=ANY,
    date=st.none() | st.sampled_from(["2025-03-08", "2025-99-99"]),
    device=st.none() | st.integers(0, 10**17),
    lap=st.none(),
    number=st.none(),
).map(lambda passing: encode_message(["X", "Passing", encode_passing_record(passing), "1"]))
SAMPLES = st.sampled_from([protocol.stretch for protocol in PROTOCOLS.values()])
PIECES = st.one_of(AMB, AMB_STATUS, P3, P3_TIME, ALGE, TNS, SAMPLES, st.binary(max_size=40))


@pytest.mark.parametrize("kind", LINE_KINDS)
@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.tuples(PIECES, st.integers(0, 10**12), st.booleans()), max_size=20))
def test_nothing_that_a_line_says_can_stop_the_bridge(
    kind: str, pieces: list[tuple[bytes, int, bool]]
) -> None:
    maker = make_maker(kind, sensor="s", hold_off=HoldOff(hold_off_ms=300))
    signs = SensorSigns()
    for data, later_ns, is_reopened in pieces:
        if is_reopened:
            maker.open_port()
        reading = maker.feed(data, received_mono_ns=10**15 + later_ns, boot_id="boot")
        signs.take(reading, later_ns)
        for passing in reading.passings:
            body = msgspec.json.encode({"passings": [passing]})
            msgspec.json.decode(body, type=Delivery)
        maker.requests_due(10**15 + later_ns)
        assert len(msgspec.json.encode([signs.values, maker.counters])) < 8_192, (
            "what it says of itself is short"
        )
