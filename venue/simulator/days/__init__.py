"""One simulated day: its script, its mishaps, the planted faults.

Here is no judgement of how it ended."""
