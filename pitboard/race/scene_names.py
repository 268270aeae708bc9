"""The scenes that a display can be told to show; an open set, for a newer display may know more."""

from __future__ import annotations

from typing import Literal, get_args

WHOLE_VENUE = "*"
"""In place of a display's key: all of them."""
USUAL_ROUND = "usual"
"""Not a scene: nothing is assigned any more."""
SCENE_NAMES = (
    "leaderboard",
    "on-track",
    "next-up",
    "podium",
    "schedule",
    "message",
    "sponsors",
    "qr",
    "join",
    "identify",
    "technical",
    "celebration",
    "bracket",
    "overlay",
)
HallSound = Literal["lap", "new-leader", "time-up"]
"""What a display may let be heard."""
HALL_SOUNDS: tuple[HallSound, ...] = get_args(HallSound)
SCENE_SECONDS = 15
IDENTIFY_SECONDS = 30
