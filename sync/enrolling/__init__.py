"""What is typed, said and compared when a node is enrolled.

Here is no roster: that is central's."""
