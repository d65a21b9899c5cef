"""A configuration, read and looked at from all sides: what is wrong with it, and what is unwise."""

from collections.abc import Iterator
from pathlib import Path

from messplus.errors import SettingError
from messplus.gateway.config import Problem, Settings, SettingsError, advice, read_settings
from messplus.gateway.signals.advice import faults, warnings
from messplus.gateway.workers.needs import require_shared


def reviewed(path: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """Read a file.

    Returns:
        The settings, and what their owner should know.

    Raises:
        SettingsError: Something is wrong with it; it has every problem.
    """
    settings = read_settings(path)
    if found := (*faults(settings), *_workers(settings)):
        raise SettingsError(str(path), found)
    return settings, (*advice(settings), *warnings(settings))


def _workers(settings: Settings) -> Iterator[Problem]:
    """Several workers need a log that several can write."""
    try:
        require_shared(settings)
    except SettingError as error:
        yield Problem(("server", "workers"), str(error))
