"""What goes wrong with a database: is it away for a while, or does it refuse what it is given?"""

from typing import Final

import asyncpg

from messplus.errors import StoreError

AWAY: Final = (
    OSError,  # refused, reset, no route
    TimeoutError,
    asyncpg.InterfaceError,  # the connection is closed
    asyncpg.InternalClientError,  # it was given up just while it answered
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password is being changed
    asyncpg.InsufficientResourcesError,  # its disk is full, or it has too many connections
    asyncpg.OperatorInterventionError,  # it starts, ends, or was told to cancel
    asyncpg.ReadOnlySQLTransactionError,  # this is a standby now
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
"""It cannot answer at the moment; the same may work later."""

FAILURES: Final = (*AWAY, asyncpg.PostgresError)


def is_away(error: BaseException) -> bool:
    """Whether a failure lies with the database, and not with what it was given."""
    return isinstance(error, AWAY) and not isinstance(error, ValueError)


def explained(error: BaseException, what: str) -> StoreError:
    """The error for one of `FAILURES`.

    Args:
        error: As the driver says.
        what: What the log could not: "be written".
    """
    if isinstance(error, TimeoutError):
        reason = "it took too long"
    else:
        reason = str(error) or type(error).__name__
    return StoreError(f"the log could not {what}: PostgreSQL: {reason}")
