"""What several workers need."""

from messplus.errors import SettingError
from messplus.gateway.config.settings import Settings
from messplus.stores import is_shared


def require_shared(settings: Settings) -> None:
    """Check that the log of a configuration can be written by as many workers as it has.

    Raises:
        SettingError: There are several, and the log takes one.
    """
    workers = settings.server.workers
    if workers > 1 and not is_shared(settings.store):
        raise SettingError(
            f"{workers} workers cannot share `store: {settings.store}`: only one process may write such a"
            " log; use `store: postgresql://...`, or `workers: 1`"
        )
