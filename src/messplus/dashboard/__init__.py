"""The live page, and the JSON views that it shows: pure functions of what the log and the router know."""
