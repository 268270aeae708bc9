"""How the sensors are, for people.

Here is nothing that changes a passing."""
