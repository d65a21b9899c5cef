"""Numbers and small records as JSON: what is not known is null."""

import math
from typing import Any

from messplus.core.types import Floats
from messplus.evidence import Satisfaction
from messplus.evidence.fold import Notable

Json = dict[str, Any]


def finite(number: float | None) -> float | None:
    """The number, or null for NaN and infinities."""
    return None if number is None or not math.isfinite(number) else float(number)


def numbers(values: Floats) -> list[float | None]:
    """An array, null for what is not finite."""
    return [finite(value) for value in values.tolist()]


def shown_satisfaction(found: Satisfaction) -> Json:
    """Satisfaction with its interval and its bounds."""
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "level": found.level,
        "requests": found.requests,
        "judged": found.judged,
        "verdicts": found.verdicts,
        "coverage": found.coverage,
        "realised": found.realised,
        "if_silence_unknown": [found.unknown_low, found.unknown_high],
        "if_silence_fine": found.if_silence_fine,
    }


def shown_notable(event: Notable) -> Json:
    """Something that people should know."""
    return {
        "at": event.at_s,
        "kind": event.kind,
        "severity": event.severity,
        "route": event.route,
        "model": event.model,
        "text": event.text,
    }
