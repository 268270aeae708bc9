"""The board on glass: when to draw, what was drawn.

Here is nothing that decides what is true."""
