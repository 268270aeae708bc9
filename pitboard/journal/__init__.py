"""A node's replica of all records: what it takes in, hands out, erases and saves; a room for each idea below.

Here is no network, no screen."""
