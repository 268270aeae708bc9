"""A screen's size, from what it says of itself."""

from __future__ import annotations

from pathlib import Path

from pitboard.drawing.panel import panel_mm_of, read_panel_mm


def edid(*, mm: tuple[int, int] = (0, 0), cm: tuple[int, int] = (0, 0)) -> bytes:
    block = bytearray(128)
    block[:8] = b"\x00\xff\xff\xff\xff\xff\xff\x00"
    block[21], block[22] = cm
    block[54], block[55] = 0x02, 0x3A  # 148.5 MHz
    block[66], block[67] = mm[0] & 0xFF, mm[1] & 0xFF
    block[68] = (mm[0] >> 8) << 4 | mm[1] >> 8
    block[127] = -sum(block) % 256
    return bytes(block)


def test_the_detailed_timing_knows_millimetres() -> None:
    assert panel_mm_of(edid(mm=(1_209, 680), cm=(121, 68))) == (1_209, 680)
    assert panel_mm_of(edid(mm=(154, 86))) == (154, 86)


def test_an_aspect_ratio_in_place_of_a_size_is_not_believed() -> None:
    assert panel_mm_of(edid(mm=(160, 90), cm=(16, 9))) is None
    assert panel_mm_of(edid(mm=(160, 90), cm=(121, 68))) == (1_210, 680)


def test_what_is_no_edid_tells_nothing() -> None:
    whole = edid(mm=(154, 86))
    assert panel_mm_of(b"") is None
    assert panel_mm_of(whole[:100]) is None
    assert panel_mm_of(bytes([*whole[:127], whole[127] ^ 1])) is None


def test_the_connected_screen_is_asked(tmp_path: Path) -> None:
    for name, status, block in (
        ("card0-HDMI-A-1", "disconnected", edid(mm=(500, 300))),
        ("card0-HDMI-A-2", "connected", edid(mm=(154, 86))),
        ("card1", "connected", edid(mm=(700, 400))),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "status").write_text(status + "\n")
        (tmp_path / name / "edid").write_bytes(block)
    assert read_panel_mm(tmp_path) == (154, 86)
    assert read_panel_mm(tmp_path / "absent") is None
