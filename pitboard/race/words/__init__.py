"""Who said what and when, and whose word is the last on each thing.

Never what is said: that stands in `pitboard/race/bodies`."""
