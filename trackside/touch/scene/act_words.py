"""What was done, in few words: `Lap void: Ada`."""

from __future__ import annotations

from pitboard.unit_api.screen_state import DoneAct
from trackside.touch.widgets.view import View


def act_words(act: DoneAct, view: View) -> str:
    """Return what was done and whom it concerns; a kind that only a newer unit knows is just an act."""
    what = act_word(act, view)
    return f"{what}: {act.who}" if act.who else what


def act_word(act: DoneAct, view: View) -> str:
    return _what(act.kind, act.what, view)


def _what(kind: str, what: str, view: View) -> str:
    if kind == "act-withdrawn":
        return view.say("touch.undone", what=_what(what, "", view) if what else view.say("touch.act-undo"))
    for code in (f"touch.act-{kind}-{what}", f"touch.act-{kind}", "touch.act-other"):
        if view.language.knows(code):
            return view.say(code)
    return kind
