"""What the display shows, as plain values: laid out here without pygame, and painted elsewhere."""
