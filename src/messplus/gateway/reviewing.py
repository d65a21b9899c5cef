"""A configuration, read and looked at from all sides: what is wrong with it, and what is unwise."""

from pathlib import Path

from messplus.gateway.config import Problem, Settings, SettingsError, advice, read_settings
from messplus.gateway.signals.advice import faults, warnings


def reviewed(path: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """Read a file.

    Returns:
        The settings, and what their owner should know.

    Raises:
        SettingsError: Something is wrong with it; it has every problem.
    """
    settings = read_settings(path)
    if found := faults(settings):
        raise SettingsError(str(path), found)
    return settings, (*advice(settings), *warnings(settings))
