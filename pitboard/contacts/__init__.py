"""A person's address: typed, sealed, kept sealed, erased.

Here is no opening: that is the admin's terminal."""
