"""The whole system on one machine, as real processes, with simulated cars and a scripted official."""
