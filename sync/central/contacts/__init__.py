"""Sealed contacts: where they lie and who read them.

Here is no passphrase."""
