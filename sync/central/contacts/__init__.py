"""Sealed contacts: where they lie, who read them, and how the admin opens them.

Passphrase and opened contacts are in a process of their own, that ends with the call."""
