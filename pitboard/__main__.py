"""`python -m pitboard` is `pitboard`."""

from pitboard.program.command_line import main

main()
