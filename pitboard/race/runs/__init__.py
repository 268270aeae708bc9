"""One run, from its passings to the laps that were confirmed.

Nothing of who is better: that is `pitboard/race/ranking`."""
