"""The organiser's word on what is raced and when: formats, classes, stages, the day's plan.

Every rule is checked by `pitboard/program/event_rules.py`, as central.toml is."""
