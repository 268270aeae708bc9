"""Whole machines booted here from the stick, with systemd as their first process and a wire of their own."""
