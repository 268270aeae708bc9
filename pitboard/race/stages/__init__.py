"""More than one run: heats, brackets, the programme and the day's order.

It reads results and boards, and makes none."""
