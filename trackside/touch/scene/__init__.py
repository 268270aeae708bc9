"""Each page of the screen as widgets, pure.

Here are no pixels, no input."""
