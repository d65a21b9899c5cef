"""Tables of recorded outcomes: the one that ships, and public ones by name."""
