from dataclasses import replace

from firmware_bridge.decoders.decoder import Damaged
from firmware_bridge.decoders.tns import TnsDecoder
from firmware_bridge.decoders.tns_messages import (
    TnsMarker,
    TnsMessage,
    TnsPassing,
    acknowledgement,
    encode_message,
    encode_passing_record,
    encode_store_record,
    read_passing_record,
    read_store_record,
)
from tests.firmware_bridge.decoders.recorded_samples import (
    TNS_PASSING,
    TNS_PASSING_MESSAGE,
    TNS_STORE_PASSING,
    TNS_STORE_RECORD,
    TNS_STRETCH,
)


def store(*records: bytes, number: int = 7) -> bytes:
    return b"X@Store@" + b"".join(record + b"@" for record in records) + b"%d@$" % number


def test_both_versions_in_one_stream() -> None:
    decoder = TnsDecoder()
    events = decoder.feed(TNS_STRETCH)
    other = TnsPassing(
        chip="KV86583", time_of_day_us=58_437_417_000, date="2025-03-08", device=3, lap=1, number=0
    )
    marker = TnsMarker(
        time_of_day_us=21_476_027_000, date="2025-04-13", type="ext-gun", name="Extern gunshot"
    )
    assert [event for event in events if not isinstance(event, TnsMessage)] == [
        TNS_PASSING,
        TNS_STORE_PASSING,
        other,
        marker,
    ]
    assert decoder.counters.duplicates == 1
    assert decoder.counters.frames_good == 6
    assert decoder.counters.frames_damaged == 0


def test_each_message_is_answered_as_the_protocol_asks() -> None:
    messages = [event for event in TnsDecoder().feed(TNS_STRETCH) if isinstance(event, TnsMessage)]
    answers = [acknowledgement(message, our_name="Kiosk", fields=("c", "t", "d")) for message in messages]
    assert answers == [
        b"Kiosk@AckPong@Version2.1@c|t|d@$",
        b"Kiosk@AckPassing@1016@$",
        b"Kiosk@AckStore@7@$",
        b"Kiosk@AckMarker@1@$",
        b"Kiosk@AckStore@8@$",
        b"Kiosk@AckPing@$",
    ]
    assert acknowledgement(messages[0], our_name="Kiosk") == b"Kiosk@AckPong@$"
    assert acknowledgement(replace(messages[0], function="AckPing"), our_name="Kiosk") is None


def test_a_repeat_in_another_message_counts_once_and_is_still_to_be_acknowledged() -> None:
    decoder = TnsDecoder()
    events = decoder.feed(store(TNS_STORE_RECORD, number=1) + store(TNS_STORE_RECORD, number=2))
    assert events.count(TNS_STORE_PASSING) == 1
    assert [event.number for event in events if isinstance(event, TnsMessage)] == [1, 2]


def test_a_damaged_record_leaves_the_others_and_the_message_unacknowledged() -> None:
    damaged = TNS_STORE_RECORD.replace(b"17:24", b"17:25")
    decoder = TnsDecoder()
    events = decoder.feed(store(damaged, TNS_STORE_RECORD))
    assert events == [
        Damaged(offset=8, length=39, reason="stored record's checksum does not hold"),
        TNS_STORE_PASSING,
    ]
    assert decoder.counters.frames_good == 0


def test_a_message_that_lost_its_end_sign_still_counts_if_it_is_whole() -> None:
    stream = store(TNS_STORE_RECORD).removesuffix(b"$") + TNS_PASSING_MESSAGE
    decoder = TnsDecoder()
    events = decoder.feed(stream)
    assert [event for event in events if isinstance(event, TnsPassing)] == [TNS_STORE_PASSING, TNS_PASSING]
    assert (decoder.counters.frames_good, decoder.counters.frames_damaged) == (2, 0)


def test_filling_may_stand_anywhere() -> None:
    sprinkled = b"\0".join(TNS_PASSING_MESSAGE[at : at + 5] for at in range(0, len(TNS_PASSING_MESSAGE), 5))
    assert TnsDecoder().feed(b"\0\0\r\n" + sprinkled) == TnsDecoder().feed(TNS_PASSING_MESSAGE)


def test_a_passing_with_few_fields_has_nulls() -> None:
    passing = read_passing_record(b"c=0000041|t=13:11:30.9")
    assert passing.as_fields() == {
        "kind": "passing",
        "chip": "0000041",
        "time_of_day_us": 47_490_900_000,
        "date": None,
        "device": None,
        "lap": None,
        "number": None,
    }


def test_the_bib_is_taken_where_its_text_is_no_number() -> None:
    assert read_passing_record(b"c=0000041|t=1:00:00|b=41|n=F-10145").number == 41


def test_encoding_gives_the_recorded_bytes() -> None:
    assert encode_store_record(read_store_record(TNS_STORE_RECORD)).encode() == TNS_STORE_RECORD
    assert read_passing_record(encode_passing_record(TNS_PASSING).encode()) == TNS_PASSING
    assert encode_message(["Kiosk", "AckPing"]) == b"Kiosk@AckPing@$"


def test_numbers_that_are_none_are_damage() -> None:
    crooked = TNS_STORE_RECORD.replace(b"  1001", b"0 1001")
    for message in (store(crooked), store(TNS_STORE_RECORD)[:-3] + b"7" * 5000 + b"@$"):
        assert isinstance(TnsDecoder().feed(message)[0], Damaged)
    (event,) = TnsDecoder().feed(b"X@Passing@c=1|t=" + b"1" * 5000 + b"@7@$")
    assert isinstance(event, Damaged)
