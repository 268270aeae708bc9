"""Rules tried on tables of laps: boards, teams, sectors and stages.

Here is no journal."""
