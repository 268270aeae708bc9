"""The board on an MQTT broker, for those who follow from afar: each message signed, so no broker is trusted.

Here nothing is taken from a broker; what it sends is not even read."""
