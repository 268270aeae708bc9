"""A display's picture is believed for the question that it answers, and looked at before it is unpacked."""

from __future__ import annotations

import io

import msgspec
import pygame
import pytest

from pitboard.errors import PictureRefused
from pitboard.trust.signed_picture import (
    PICTURE_MAX_BYTES,
    SIGNED_MAX_BYTES,
    check_picture,
    is_nonce,
    new_nonce,
    read_picture,
    sign_picture,
)
from tests.race_story import STRANGER, UNIT_A


def png(width: int = 320, height: int = 180) -> bytes:
    into = io.BytesIO()
    pygame.image.save(pygame.Surface((width, height)), into, "picture.png")
    return into.getvalue()


def test_only_the_display_itself_answers_and_only_the_question_that_was_asked() -> None:
    nonce = new_nonce()
    answer = msgspec.json.encode(sign_picture(png(), nonce, UNIT_A))
    check_picture(read_picture(answer), key=UNIT_A.key, nonce=nonce)
    stranger = sign_picture(png(), nonce, STRANGER)
    claimed = msgspec.structs.replace(stranger, key=UNIT_A.key)
    another = msgspec.structs.replace(read_picture(answer), picture=png(100))
    old = read_picture(answer)
    for signed, asked in ((stranger, nonce), (claimed, nonce), (another, nonce), (old, new_nonce())):
        with pytest.raises(PictureRefused, match="not signed"):
            check_picture(signed, key=UNIT_A.key, nonce=asked)


def test_what_is_too_long_too_large_or_no_picture_is_never_unpacked() -> None:
    nonce = new_nonce()
    gigabytes = bytearray(png())
    gigabytes[16:20] = (60_000).to_bytes(4)
    for picture in (png(321, 180), png(180, 321), bytes(gigabytes), b"", b"GIF89a" + bytes(40), png()[:20]):
        with pytest.raises(PictureRefused, match="no small PNG"):
            check_picture(sign_picture(picture, nonce, UNIT_A), key=UNIT_A.key, nonce=nonce)
    largest = png() + bytes(PICTURE_MAX_BYTES - len(png()))
    answer = msgspec.json.encode(sign_picture(largest, nonce, UNIT_A))
    assert len(answer) < SIGNED_MAX_BYTES
    check_picture(read_picture(answer), key=UNIT_A.key, nonce=nonce)
    for wrong in (msgspec.json.encode(sign_picture(largest + b"x", nonce, UNIT_A)), b"{}", b"[" * 5_000):
        with pytest.raises(PictureRefused, match="no sense"):
            read_picture(wrong)
    assert not any(map(is_nonce, ("", "ab", "AB" * 16, "ab" * 16 + "\n", "ab" * 17)))
