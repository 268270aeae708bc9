"""Where bytes and edges come from: serial ports, TCP, pins.

Here is nothing that knows what they mean."""
