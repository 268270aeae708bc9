"""What a builder may change: which pins, and what a beam looks like on them."""

# GP numbers, channel 1 first; at most 31.
PINS = (2, 3)
# The level of a pin while its beam is interrupted. Open-collector receivers pull low while they see light.
INTERRUPTED_LEVEL = 1
# The RP2040's own resistor: "up", "down" or None.
PULL = "up"
# A beam must be clear for this long before the next passing counts: receivers chatter at the edge of a car.
CLEAR_US = 2_000
# Grounded while the board starts: no timing, so that mpremote can talk to it.
SERVICE_PIN = 22
WATCHDOG_MS = 8_000
