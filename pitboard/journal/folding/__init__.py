"""Records become the race: who is believed, in which order it was said, and the fold.

Here is no storage and no exchange."""
