"""How a display looks: colours by their meaning, and the fonts to try first; read from a TOML file.

Scenes speak of the palette's colours only; a theme says what each of them is here. A theme that could not be
read from the far end of a hall is refused with the pair that is too alike."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.drawing import palette
from pitboard.drawing.palette import Colour, blend, contrast
from pitboard.errors import ConfigRefused

SHIPPED = ("dark-hall", "bright-day")
THEMES = Path(__file__).parent.parent / "themes"
TEXT_CONTRAST_MIN = 4.5
_MEANINGS: dict[str, Colour] = {
    "background": palette.BACKGROUND,
    "panel": palette.PANEL,
    "panel_raised": palette.PANEL_RAISED,
    "panel_bright": palette.PANEL_PRESSED,
    "text": palette.TEXT,
    "text_muted": palette.TEXT_MUTED,
    "text_on_bright": palette.TEXT_DARK,
    "live": palette.GREEN,
    "warning": palette.AMBER,
    "news": palette.BLUE,
    "overall_best": palette.PURPLE,
    "gold": palette.GOLD,
    "silver": palette.SILVER,
    "bronze": palette.BRONZE,
    "key": palette.KEY,
}
# Which text stands on which ground in some scene.
_READ_TOGETHER = (
    *(("text", ground) for ground in ("background", "panel", "panel_raised")),
    *(("text_muted", ground) for ground in ("background", "panel", "panel_raised")),
    *(
        ("text_on_bright", ground)
        for ground in ("panel_bright", "live", "warning", "news", "overall_best", "gold", "silver", "bronze")
    ),
)
HexColour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}\Z")]
Family = Annotated[str, Meta(min_length=1, max_length=80)]


class _ThemeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    colours: dict[str, HexColour]
    fonts: Annotated[tuple[Family, ...], Meta(max_length=20)] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    fonts: tuple[str, ...]
    colours: Mapping[Colour, Colour]

    def __getitem__(self, colour: Colour) -> Colour:
        return self.colours.get(colour, colour)


def dimmed(theme: Theme, percent: int) -> Theme:
    """Return the theme that much darker, for a screen that cannot be dimmed itself; keyed colours stay."""
    colours = {
        meaning: colour if meaning == palette.KEY else blend((0, 0, 0), colour, percent=percent)
        for meaning, colour in theme.colours.items()
    }
    return Theme(theme.fonts, colours)


def load_theme(name: str) -> Theme:
    """Return a theme we ship by its name, or one of the organiser's by the path of its file.

    Raises ConfigRefused where it cannot be read, names a colour nobody knows, or is not legible.
    """
    try:
        if name in SHIPPED:
            text = (THEMES / f"{name}.toml").read_text(encoding="utf-8")
        else:
            text = Path(name).read_text(encoding="utf-8")
        file = msgspec.convert(tomllib.loads(text), _ThemeFile)
    except RecursionError as error:
        raise ConfigRefused(path=name, reason="is nested too deeply; take brackets out") from error
    except OSError as error:
        reason = f"{error.strerror}; themes that come along: {', '.join(SHIPPED)}"
        raise ConfigRefused(path=name, reason=reason) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigRefused(path=name, reason=str(error)) from error
    unknown = file.colours.keys() - _MEANINGS.keys()
    if unknown:
        raise ConfigRefused(path=name, reason=f"unknown colour '{min(unknown)}'")
    given = {meaning: _colour(text) for meaning, text in file.colours.items()}
    colours = {**_MEANINGS, **given}
    _check_contrast(name, colours)
    return Theme(file.fonts, {_MEANINGS[meaning]: colour for meaning, colour in colours.items()})


def _check_contrast(name: str, colours: Mapping[str, Colour]) -> None:
    for text, ground in _READ_TOGETHER:
        ratio = contrast(colours[text], colours[ground])
        if ratio < TEXT_CONTRAST_MIN:
            reason = f"'{text}' on '{ground}' has a contrast of {ratio:.1f}, {TEXT_CONTRAST_MIN} is needed"
            raise ConfigRefused(path=name, reason=reason)


def _colour(text: str) -> Colour:
    return (int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))
