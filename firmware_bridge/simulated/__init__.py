"""Cars, sensors and decoders that are not there.

Here is nothing that a real sensor's way runs through."""
