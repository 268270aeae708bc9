"""How a program with a screen starts, and what its screen says while it cannot.

Here is nothing of races; the programs say what they load and how."""
