"""What hangs beside the track: start light, buzzer, the racer's clock.

Here is nothing that times a car, and nothing that can hold one up."""
