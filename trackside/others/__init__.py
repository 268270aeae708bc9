"""The other machines at the venue: units, displays, central, a copy of this card; found, asked, listed.

Here is no rule of the race, and nobody is believed for where he is."""
