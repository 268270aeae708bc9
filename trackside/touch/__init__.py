"""The official's touchscreen: its own process, talking to `trackside` over the unit's local API.

What is shown is a pure function of the unit's screen state and the official's view (`screen_layout`);
what a tap does is another (`reaction`). Only the painter, the window and the input know pygame."""
