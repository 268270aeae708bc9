"""Who may join: the desk, its calls, the register of units.

Here is no race."""
