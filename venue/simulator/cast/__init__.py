"""Who takes part in a simulated day: nodes, beams, people, a forger.

Here is no judgement of what they did."""
