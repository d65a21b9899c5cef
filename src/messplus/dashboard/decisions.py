"""Search in the log: decisions by what was asked, who answered, and what was said of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from messplus.dashboard.shapes import Json, finite
from messplus.errors import require_range
from messplus.offpolicy.gather import Told
from messplus.records import Decided
from messplus.stores.base import Log, Stored

MOST: Final = 200
"""Decisions on a page at most."""

LOOKED_AT: Final = 2000
"""Decisions that one search looks at; the next page goes on from there."""

_STEP: Final = 250
_PROMPT: Final = 200

Judged = Literal["any", "judged", "unjudged", "dissatisfied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for; what is None or "" does not matter.

    Attributes:
        route: Decisions of this route.
        model: That this model was to answer, or did.
        text: Part of the prompt, of an attribute, or the beginning of an id.
        feedback: Whether, and how, the answer was judged.
        explored: Whether they explored.
        failed: Whether nobody answered.
        before: Only decisions with a lower sequence number.
        limit: On a page, 1 to `MOST`.
    """

    route: str | None = None
    model: str | None = None
    text: str = ""
    feedback: Judged = "any"
    explored: bool | None = None
    failed: bool | None = None
    before: int | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        """Check the limit.

        Raises:
            SettingError: It is out of its range.
        """
        ok = 1 <= self.limit <= MOST
        require_range("limit", self.limit, f"in [1, {MOST}]", ok=ok)


def search(log: Log, wanted: Wanted, may_see: Callable[[Decided], bool], *, prompts: bool) -> Json:
    """A page of decisions, the newest first.

    Args:
        log: Where.
        wanted: What for.
        may_see: Whether the caller may see a decision.
        prompts: Whether prompts may be shown and searched, where the log has them.

    Raises:
        StoreError: The log cannot be read.
    """
    found: list[Json] = []
    searched, last = 0, None
    for stored in _latest(log, wanted):
        decided = stored.event
        assert isinstance(decided, Decided)
        if len(found) == wanted.limit or searched == LOOKED_AT:
            break
        searched, last = searched + 1, stored.sequence
        if not may_see(decided) or not _fits(decided, wanted, prompts=prompts):
            continue
        told = _told(log, decided)
        if _came_out(told, wanted):
            found.append(_row(stored.sequence, told, prompts=prompts))
    else:
        last = None  # the end of the log
    return {"object": "list", "data": found, "next": last, "searched": searched}


def _latest(log: Log, wanted: Wanted) -> Iterator[Stored]:
    before = wanted.before
    while page := log.recent(_STEP, before=before, route=wanted.route):
        yield from page
        before = page[-1].sequence


def _fits(decided: Decided, wanted: Wanted, *, prompts: bool) -> bool:
    """Whether a decision is wanted, as far as it tells itself."""
    if wanted.explored is not None and decided.explored != wanted.explored:
        return False
    if not wanted.text:
        return True
    text = wanted.text.casefold()
    return (
        decided.decision_id.casefold().startswith(text)
        or (prompts and text in (decided.prompt or "").casefold())
        or any(text in value.casefold() for value in decided.attributes.values())
    )


def _came_out(told: Told, wanted: Wanted) -> bool:
    """Whether a decision is wanted, by what came of it."""
    if wanted.model is not None and wanted.model not in (told.decided.model, told.delivered):
        return False
    if wanted.failed is not None and wanted.failed != _failed(told):
        return False
    _, verdict = told.verdict
    match wanted.feedback:
        case "judged":
            return verdict is not None
        case "unjudged":
            return verdict is None
        case "dissatisfied":
            return verdict is not None and verdict < 0.5
    return True


def _told(log: Log, decided: Decided) -> Told:
    told = Told(decided)
    for stored in log.history(decided.decision_id):
        if not isinstance(stored.event, Decided):
            told.hear(stored.event)
    return told


def _failed(told: Told) -> bool:
    return bool(told.outcomes) and all(one.error for one in told.outcomes)


def _row(sequence: int, told: Told, *, prompts: bool) -> Json:
    decided = told.decided
    source, verdict = told.verdict
    errors = [one.error for one in told.outcomes if one.error]
    answered = next((one for one in reversed(told.outcomes) if not one.error), None)
    return {
        "sequence": sequence,
        "id": decided.decision_id,
        "at": decided.at_s,
        "route": decided.route,
        "alpha": decided.alpha,
        "model": decided.model,
        "answered_by": told.delivered if told.outcomes else None,
        "explored": decided.explored,
        "propensity": decided.propensity,
        "predicted_satisfaction": finite(float(decided.p_sat[decided.models.index(decided.model)])),
        "cost": finite(told.spent),
        "latency_s": answered.latency_s if answered else None,
        "error": errors[-1] if errors else None,
        "verdict": verdict,
        "verdict_source": source or ("check" if verdict is not None else None),
        "prompt": decided.prompt[:_PROMPT] if prompts and decided.prompt else None,
        "attributes": dict(decided.attributes),
    }
