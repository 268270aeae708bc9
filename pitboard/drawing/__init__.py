"""Drawing basics shared by every Pitboard screen: colours, times as text, and text in any script.

Only `typeface` imports pygame; the rest is pure, so that layouts can be tested without a screen."""
