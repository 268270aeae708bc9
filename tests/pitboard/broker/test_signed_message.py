"""What a broker cannot do: say something in the event's name."""

from __future__ import annotations

from pitboard.broker.signed_message import MESSAGE_MAX_BYTES, opened, sealed
from pitboard.trust.identity import Identity


def test_a_broker_cannot_pass_off_one_thing_as_another() -> None:
    root, stranger = Identity.from_seed(b"r" * 32), Identity.from_seed(b"s" * 32)
    message = sealed("a/board", 7, b'{"x":1}', root)
    told = opened(message, "a/board", root.key)
    assert told is not None
    assert (told.records, bytes(told.body)) == (7, b'{"x":1}')
    assert opened(message, "a/board/track/B", root.key) is None
    assert opened(message, "a/board", stranger.key) is None
    assert opened(message.replace(b'"x":1', b'"x":2'), "a/board", root.key) is None
    for broken in (b"", b"\n", b"zz\n{}", message[:-1], message[1:], b"\xff\n" + message):
        assert opened(broken, "a/board", root.key) is None


def test_a_message_of_a_mebibyte_is_read_and_a_byte_more_is_not() -> None:
    root = Identity.from_seed(b"r" * 32)
    rest = len(sealed("a", 1, b'""', root))
    for length, is_read in ((MESSAGE_MAX_BYTES, True), (MESSAGE_MAX_BYTES + 1, False)):
        message = sealed("a", 1, b'"' + b"x" * (length - rest) + b'"', root)
        assert len(message) == length
        assert (opened(message, "a", root.key) is not None) == is_read
