"""What is appended together, as rows; and which of it a log takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from messplus.errors import StoreError
from messplus.records import Event
from messplus.stores.postgres.texts import from_sql, row_to_sql
from messplus.stores.refusals import decision_missing, decision_taken, feedback_taken
from messplus.stores.rows import DECIDED, FEEDBACK, OUTCOME, AnyTable, encode
from messplus.stores.shared import Change
from messplus.stores.values import Row

ID: Final = 0  # place of the decision's id in a row of `decided` and `outcome`
FEEDBACK_ID: Final = 0  # and of feedback its own
OF_FEEDBACK: Final = 1  # where the decision's id is the second
ROUTE: Final = 1
T: Final = 3
ALPHA: Final = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One event as a row.

    Attributes:
        table: Where it belongs.
        row: Its columns as PostgreSQL keeps them.
    """

    table: AnyTable
    row: Row

    @property
    def decision_id(self) -> str:
        """As PostgreSQL keeps it."""
        return str(self.row[OF_FEEDBACK if self.table is FEEDBACK else ID])


@dataclass(frozen=True, slots=True)
class Parcel:
    """Events that are appended all or none.

    Attributes:
        items: In order.
        changes: What they did to debts.
        shared: Whether they are of one router of many: see `SharedStore.append_shared`.
    """

    items: tuple[Item, ...]
    changes: tuple[Change, ...] = ()
    shared: bool = False


def item_of(event: Event) -> Item:
    """An event as a row.

    Raises:
        StoreError: It holds what could not be read again.
    """
    table, row = encode(event)
    return Item(table, row_to_sql(table, row))


@dataclass(frozen=True, slots=True)
class Names:
    """The ids that a log must be asked about, as PostgreSQL keeps them.

    Attributes:
        decisions: Of decisions that are new, or that something is said of.
        feedback: Of feedback.
    """

    decisions: frozenset[str]
    feedback: frozenset[str]

    @classmethod
    def of(cls, parcels: Sequence[Parcel]) -> "Names":
        """Those of some parcels."""
        items = [item for parcel in parcels for item in parcel.items]
        return cls(
            frozenset(item.decision_id for item in items),
            frozenset(str(item.row[FEEDBACK_ID]) for item in items if item.table is FEEDBACK),
        )


@dataclass(slots=True)
class Admitted:
    """What of some parcels a log takes.

    Attributes:
        today: The day of decisions that are appended now.
        days: The day of each decision that is known; those taken now are added.
        feedback: Ids of feedback that is known, and of what is taken now.
        items: What is taken, in order, each with its day.
        parked: Feedback that waits for its decision from now on.
        changes: Of the parcels of which something is taken.
        results: For each parcel how many items were taken up to its end, or why it was refused.
        met: Decisions taken now that feedback has waited for.
    """

    today: int
    days: dict[str, int]
    feedback: set[str]
    items: list[tuple[int, Item]] = field(default_factory=list)
    parked: list[Item] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    results: list[int | StoreError] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    def admit(self, parcel: Parcel, awaited: Mapping[str, Sequence[Item]]) -> None:
        """Take a parcel whole, or refuse it.

        Args:
            parcel: What is to be appended.
            awaited: Feedback that waits, by the decision that it waits for.
        """
        days: dict[str, int] = {}
        heard: set[str] = set()
        taken: list[tuple[int, Item]] = []
        parked: list[Item] = []
        for item in parcel.items:
            name = item.decision_id
            day = days.get(name, self.days.get(name))
            if item.table is DECIDED:
                if day is not None:
                    self.results.append(decision_taken(from_sql(name)))
                    return
                days[name] = self.today
                taken.append((self.today, item))
                here = [one for one in self.parked if one.decision_id == name]
                for waiting in (*awaited.get(name, ()), *here):
                    taken.append((self.today, waiting))
                    heard.add(str(waiting.row[FEEDBACK_ID]))
                continue
            if item.table is FEEDBACK:
                feedback_id = str(item.row[FEEDBACK_ID])
                if feedback_id in heard or feedback_id in self.feedback:
                    if parcel.shared:
                        continue  # it was sent to two gateways
                    self.results.append(feedback_taken(from_sql(feedback_id)))
                    return
                heard.add(feedback_id)
                if day is None and parcel.shared:
                    parked.append(item)
                    continue
            if day is None:
                self.results.append(decision_missing(from_sql(name)))
                return
            taken.append((day, item))
        self.met += [name for name in days if name in awaited]
        self.days |= days
        self.feedback |= heard
        self.items += taken
        self.parked = [one for one in self.parked if one.decision_id not in days] + parked
        if taken:  # what was known before has changed debts before
            self.changes += parcel.changes
        self.results.append(len(self.items))


TABLES_BY_NAME: Final[Mapping[str, AnyTable]] = {
    table.name: table for table in (DECIDED, OUTCOME, FEEDBACK)
}
