"""What an address asks for after its question mark."""

from collections.abc import Mapping
from typing import cast, get_args

from messplus.dashboard.decisions import Judged, Wanted
from messplus.errors import SettingError
from messplus.gateway.errors import invalid


def wanted(query: Mapping[str, str]) -> Wanted:
    """What a search is for.

    Raises:
        ApiError: 400: a parameter is not what it may be.
    """
    feedback = query.get("feedback") or "any"
    if feedback not in get_args(Judged):
        raise invalid(
            f"feedback must be one of {', '.join(get_args(Judged))}, got {feedback[:40]!r}",
            "feedback",
        )
    limit = whole(query, "limit")
    try:
        return Wanted(
            route=query.get("route") or None,
            model=query.get("model") or None,
            text=(query.get("q") or "")[:200],
            feedback=cast(Judged, feedback),
            explored=_flag(query, "explored"),
            failed=_flag(query, "failed"),
            before=whole(query, "before"),
            limit=50 if limit is None else limit,
        )
    except SettingError as error:
        raise invalid(str(error), "limit") from error


def _flag(query: Mapping[str, str], name: str) -> bool | None:
    match query.get(name, ""):
        case "":
            return None
        case "true":
            return True
        case "false":
            return False
    raise invalid(f"{name} must be true or false, got {query[name][:40]!r}", name)


def whole(query: Mapping[str, str], name: str) -> int | None:
    """A whole number of an address, >= 0; None if it is not given.

    Raises:
        ApiError: 400: it is none.
    """
    text = query.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise invalid(f"{name} must be a whole number, got {text[:40]!r}", name)
    return int(text)
