"""Feedback as clients send it: parsed, checked, and turned into what the router takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from messplus.core.types import Source
from messplus.errors import unknown
from messplus.gateway.body import Json
from messplus.gateway.errors import LONGEST_NAME, invalid

COMPLETION: Final = "chatcmpl-"
"""What a decision's name begins with in the `id` of an answer, by which feedback finds it as well."""

MOST_IN_BATCH: Final = 1000
_FIELDS: Final = ("id", "value", "source", "comment", "metadata", "label", "feedback_id", "dry_run")
_LONGEST_COMMENT: Final = 4000
_MOST_METADATA: Final = 16
_LONGEST_VALUE: Final = 512
_LONGEST_ID: Final = 96

_SOURCES: Final[Mapping[str, Source]] = {
    "user": "user",
    "implicit": "user",
    "check": "user",
    "test": "user",
    "judge": "judge",
    "audit": "audit",
}
"""What clients call a source, and what the account of a promise takes it for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody says of an answer.

    Attributes:
        decision_id: Of which answer.
        value: 0 to 1.
        source: What it counts as.
        feedback_id: Its name; None: it is given one.
        comment: In words.
        attributes: `by`: what the client calls the source; `label`; and its metadata.
        dry_run: Whether it is only to be checked.
    """

    decision_id: str
    value: float
    source: Source
    feedback_id: str | None
    comment: str
    attributes: dict[str, str]
    dry_run: bool


def parse_verdict(body: Json, feedback_id: str | None = None, where: str = "") -> Verdict:
    """Read one.

    Args:
        body: What was sent.
        feedback_id: Of the header Idempotency-Key; the field counts more.
        where: The place of the body in a batch, such as `feedback[3].`.

    Raises:
        ApiError: A field is missing, unknown, or of a wrong type or range.
    """
    for name in body:
        if name not in _FIELDS:
            shown = name[:LONGEST_NAME]
            raise invalid(str(unknown(f"field {where}", shown, _FIELDS)), where + shown)
    by = _text(body, "source", where, 32) or "user"
    if by not in _SOURCES:
        raise invalid(str(unknown("source", by, _SOURCES)), f"{where}source")
    attributes = _metadata(body, where)
    if by != _SOURCES[by]:
        attributes["by"] = by
    if label := _text(body, "label", where, _LONGEST_VALUE):
        attributes["label"] = label
    decision_id = _text(body, "id", where, _LONGEST_ID)
    if not decision_id:
        raise invalid(
            f"{where}id must name an answer: its id, or the header x-messplus-decision-id",
            f"{where}id",
        )
    dry_run = body.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise invalid(f"{where}dry_run must be true or false", f"{where}dry_run")
    return Verdict(
        decision_id=decision_id.removeprefix(COMPLETION),
        value=_value(body.get("value"), where),
        source=_SOURCES[by],
        feedback_id=_text(body, "feedback_id", where, _LONGEST_ID) or feedback_id,
        comment=_text(body, "comment", where, _LONGEST_COMMENT),
        attributes=attributes,
        dry_run=dry_run,
    )


def parse_batch(body: Json) -> list[Verdict]:
    """Read many: `{"feedback": [...]}`.

    Raises:
        ApiError: There are none or too many, or one is wrong; then none counts.
    """
    listed = body.get("feedback")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_IN_BATCH:
        raise invalid(f"feedback must be a list of 1 to {MOST_IN_BATCH:,}", "feedback")
    found = []
    for n, one in enumerate(listed):
        if not isinstance(one, dict):
            raise invalid(f"feedback[{n}] must be an object", f"feedback[{n}]")
        found.append(parse_verdict(one, where=f"feedback[{n}]."))
    return found


def _value(value: Any, where: str) -> float:  # noqa: ANN401  # whatever the client sent
    """True or false, 0 to 1, or a thumb: 1 and -1."""
    if isinstance(value, bool | int | float):
        if 0 <= value <= 1:
            return float(value)
        if value == -1:
            return 0.0
    raise invalid(
        f"{where}value must be true, false, a number from 0 to 1, or -1 for a thumb down,"
        f" got {value!r:.40}",
        f"{where}value",
    )


def _text(body: Json, name: str, where: str, longest: int) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise invalid(f"{where}{name} must be a text of at most {longest} characters", where + name)
    return value


def _metadata(body: Json, where: str) -> dict[str, str]:
    """Of few, short values: numbers and truth values become texts."""
    given = body.get("metadata") or {}
    if not isinstance(given, dict) or len(given) > _MOST_METADATA:
        raise invalid(
            f"{where}metadata must be an object of at most {_MOST_METADATA} fields", "metadata"
        )
    for value in given.values():
        if not isinstance(value, str | int | float) or len(str(value)) > _LONGEST_VALUE:
            raise invalid(
                f"{where}metadata must hold texts and numbers of at most {_LONGEST_VALUE} characters",
                f"{where}metadata",
            )
    return {name[:64]: str(value) for name, value in given.items()}
