"""`python -m pitboard` is `pitboard`."""

from pitboard.command_line import main

main()
