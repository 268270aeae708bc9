"""What may stand on the screen, where one looks, what a tap means.

Here are no pixels."""
