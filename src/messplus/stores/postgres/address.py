"""The address of a log in PostgreSQL: `postgresql://user:password@host:5432/database?schema=messplus`."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from messplus.errors import SettingError

SCHEMA: Final = "messplus"
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a log is.

    Attributes:
        dsn: For the driver; may hold a password, so it is never shown.
        schema: Of its tables.
    """

    dsn: str
    schema: str

    def __repr__(self) -> str:
        """Without user and password."""
        parts = urlsplit(self.dsn)
        return f"postgresql://{parts.hostname or ''}{parts.path} (schema {self.schema})"

    __str__ = __repr__


def address_of(url: str) -> Address:
    """Read an address.

    Args:
        url: As PostgreSQL's own programs take it, and `schema=NAME` among its parameters.

    Raises:
        SettingError: The name of the schema cannot be one.
    """
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    schema = next((value for name, value in reversed(given) if name == "schema"), SCHEMA)
    if not _NAME.fullmatch(schema):
        raise SettingError(
            f"schema must be lower-case letters, digits and _, at most 63, got {schema!r}"
        )
    query = urlencode([pair for pair in given if pair[0] != "schema"])
    dsn = f"postgresql://{parts.netloc}{parts.path}{f'?{query}' if query else ''}"
    return Address(dsn, schema)
