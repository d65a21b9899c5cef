"""Which table each kind of event is kept in, and events as its rows."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from messplus.core.types import Draws
from messplus.errors import StoreError
from messplus.records import Decided, Event, Feedback, Outcome
from messplus.stores import values
from messplus.stores.values import Row

E = TypeVar("E", bound=Event)


class Table(Generic[E]):
    """Where one kind of event is kept.

    Attributes:
        columns: Their names, without the sequence number.
        texts: Which of them hold texts of any characters, as places in a row.
        encoded: Which hold JSON, which is ASCII.
        insert: Statement that adds a row: its sequence number, then its columns.
        page: Statement for the rows after one sequence number up to another, in order, at most so
            many.
        latest: Statement for the rows before a sequence number, the last ones first, at most so many.
        of_decision: Statement for the rows of one decision, in order.
    """

    def __init__(self, name: str, columns: str, decode: Callable[[Row], E]) -> None:
        """Describe a table.

        Args:
            name: As in the schema.
            columns: Without the sequence number, parted by spaces; texts end in `:text`, JSON in
                `:json`.
            decode: Makes an event of a row without its sequence number. Raises TypeError or
                ValueError for a row that is none.
        """
        names, _, kinds = zip(*(column.partition(":") for column in columns.split()), strict=True)
        values = ", ".join("CAST(? AS TEXT)" if kind else "?" for kind in kinds)
        listed = f"sequence, {', '.join(names)}"
        select = f"SELECT {listed} FROM {name} WHERE"
        self.name = name
        self.columns: tuple[str, ...] = names
        self.texts = tuple(place for place, kind in enumerate(kinds) if kind == "text")
        self.encoded = tuple(place for place, kind in enumerate(kinds) if kind == "json")
        self.insert = f"INSERT INTO {name} ({listed}) VALUES (?, {values})"
        self.page = f"{select} sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?"
        self.latest = f"{select} sequence < ? ORDER BY sequence DESC LIMIT ?"
        self.of_decision = f"{select} decision_id = CAST(? AS TEXT) ORDER BY sequence"
        self._decode = decode

    def decode(self, row: Row) -> E:
        """The event of a row that `page` or `of_decision` gave, texts as bytes.

        Raises:
            StoreError: The row is not an event.
        """
        try:
            return self._decode(row[1:])
        except (TypeError, ValueError) as error:  # also JSON, UTF-8 and the records' own checks
            raise StoreError(
                f"event {row[0]!r} cannot be read from table {self.name}: {error}; restore the file"
                " from a backup, or delete this row"
            ) from error


def encode(event: Event) -> tuple["AnyTable", Row]:
    """The table and row, without a sequence number, of an event.

    Raises:
        StoreError: The event holds what could not be read again: a NaN outside of an array, features
            that are not float32, a text that is none.
    """
    try:
        match event:
            case Decided():
                return DECIDED, _decided_row(event)
            case Outcome():
                return OUTCOME, _outcome_row(event)
            case Feedback():
                return FEEDBACK, _feedback_row(event)
    except (TypeError, ValueError, OverflowError) as error:
        kind = type(event).__name__
        raise StoreError(
            f"{kind} of decision {event.decision_id!r} cannot be kept: {error}"
        ) from error


def _decided_row(event: Decided) -> Row:
    return (
        values.from_text(event.decision_id),
        values.from_text(event.route),
        values.from_number("at_s", event.at_s),
        values.from_whole("t", event.t),
        values.from_number("alpha", event.alpha),
        values.from_texts(event.models),
        values.from_bools("available", event.available),
        values.from_features(event.features),
        values.from_number("draws.explore", event.draws.explore),
        values.from_number("draws.choose", event.draws.choose),
        values.from_text(event.model),
        values.from_texts(event.asked),
        bool(event.explored),
        values.from_number("propensity", event.propensity),
        values.from_number("queue", event.queue),
        values.from_floats("p_sat", event.p_sat),
        values.from_floats("cost", event.cost),
        bool(event.shielded),
        values.from_mapping(event.attributes),
        None if event.prompt is None else values.from_text(event.prompt),
        values.from_number("price", event.price),
    )


def _to_decided(row: Row) -> Decided:
    return Decided(
        decision_id=values.to_text(row[0]),
        route=values.to_text(row[1]),
        at_s=values.to_number(row[2]),
        t=values.to_whole(row[3]),
        alpha=values.to_number(row[4]),
        models=values.to_texts(row[5]),
        available=values.to_bools(row[6]),
        features=values.to_features(row[7]),
        draws=Draws(values.to_number(row[8]), values.to_number(row[9])),
        model=values.to_text(row[10]),
        asked=values.to_texts(row[11]),
        explored=bool(values.to_whole(row[12])),
        propensity=values.to_number(row[13]),
        queue=values.to_number(row[14]),
        p_sat=values.to_floats(row[15]),
        cost=values.to_floats(row[16]),
        shielded=bool(values.to_whole(row[17])),
        attributes=values.to_mapping(row[18]),
        prompt=None if row[19] is None else values.to_text(row[19]),
        price=values.to_number(row[20]),
    )


def _outcome_row(event: Outcome) -> Row:
    return (
        values.from_text(event.decision_id),
        values.from_text(event.model),
        values.from_number("at_s", event.at_s),
        values.from_number("cost", event.cost),
        None if event.latency_s is None else values.from_number("latency_s", event.latency_s),
        None
        if event.prompt_tokens is None
        else values.from_whole("prompt_tokens", event.prompt_tokens),
        None
        if event.output_tokens is None
        else values.from_whole("output_tokens", event.output_tokens),
        values.from_text(event.error),
    )


def _to_outcome(row: Row) -> Outcome:
    return Outcome(
        decision_id=values.to_text(row[0]),
        model=values.to_text(row[1]),
        at_s=values.to_number(row[2]),
        cost=values.to_number(row[3]),
        latency_s=None if row[4] is None else values.to_number(row[4]),
        prompt_tokens=None if row[5] is None else values.to_whole(row[5]),
        output_tokens=None if row[6] is None else values.to_whole(row[6]),
        error=values.to_text(row[7]),
    )


def _feedback_row(event: Feedback) -> Row:
    return (
        values.from_text(event.feedback_id),
        values.from_text(event.decision_id),
        values.from_number("at_s", event.at_s),
        values.from_number("value", event.value),
        values.checked_source(event.source),
        values.from_text(event.comment),
        values.from_mapping(event.attributes),
        values.from_number("cost", event.cost),
    )


def _to_feedback(row: Row) -> Feedback:
    return Feedback(
        feedback_id=values.to_text(row[0]),
        decision_id=values.to_text(row[1]),
        at_s=values.to_number(row[2]),
        value=values.to_number(row[3]),
        source=values.to_source(row[4]),
        comment=values.to_text(row[5]),
        attributes=values.to_mapping(row[6]),
        cost=values.to_number(row[7]),
    )


DECIDED: Final = Table(
    "decided",
    "decision_id:text route:text at_s t alpha models:json available features draw_explore"
    " draw_choose model:text asked:json explored propensity queue p_sat cost shielded"
    " attributes:json prompt:text price",
    _to_decided,
)
OUTCOME: Final = Table(
    "outcome",
    "decision_id:text model:text at_s cost latency_s prompt_tokens output_tokens error:text",
    _to_outcome,
)
FEEDBACK: Final = Table(
    "feedback",
    "feedback_id:text decision_id:text at_s value source:text comment:text attributes:json cost",
    _to_feedback,
)
AnyTable = Table[Any]
TABLES: Final[tuple[AnyTable, ...]] = (DECIDED, OUTCOME, FEEDBACK)
