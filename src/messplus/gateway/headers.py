"""Request headers, as texts by their names."""

from starlette.types import Scope


def headers_of(scope: Scope) -> dict[str, str]:
    """All of them, names in lower case; of a name that comes twice, the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
