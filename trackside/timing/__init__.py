"""The run, the intake of passings, the lights.

Here is no HTTP, no screen."""
