"""What a demo cannot go on from."""

from messplus.errors import MessPlusError


class DemoError(MessPlusError):
    """The gateway of a demo does not answer, or answers what cannot be understood."""
