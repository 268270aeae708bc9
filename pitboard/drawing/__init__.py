"""Drawing basics shared by every Pitboard screen: colours, times as text, and text in any script.

Only `typeface` imports pygame; the rest is pure, so that layouts can be tested without a screen."""

import os

# pygame prints a greeting on standard output, where a command's own output goes.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
