"""Replay any policy over recorded outcomes: what would it have cost, would the promise have held."""
