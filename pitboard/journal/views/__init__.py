"""The race as every screen, page and export gets it, and names found by a part of them.

Here nothing is written."""
