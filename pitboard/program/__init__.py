"""How a program runs: command line, config, event file, one instance.

Here are no records, no doors."""
