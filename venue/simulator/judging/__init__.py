"""The oracle and the inspection.

Here is no code that the rules use, too."""
