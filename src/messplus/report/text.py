"""Numbers and names as people read them: every figure of a report is formatted here, and once."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from messplus.replay.streams import ALL_TASKS

NOTHING = "–"
"""What stands where there is no figure."""

REFERENCE_TITLES: Mapping[str, str] = {
    "best_single": "best single model",
    "static_mix": "static mix",
    "text_router": "text router",
    "clairvoyant": "clairvoyant",
}

# Per unit of cost: (typical cost from which on, size, symbol), largest first. Any other unit is
# shown as it is. A request at 1 µUSD is a million of them for a dollar.
_STEPS: Mapping[str, tuple[tuple[float, float, str], ...]] = {
    "joule": (
        (1e9, 1e9, "GJ"),
        (1e6, 1e6, "MJ"),
        (1e3, 1e3, "kJ"),
        (1.0, 1.0, "J"),
        (0.0, 1e-3, "mJ"),
    ),
    "usd": ((1e-4, 1.0, "USD"), (0.0, 1e-6, "µUSD")),
}
_MAX_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class CostScale:
    """How the costs of one table or axis are shown: all in one unit, with equal decimals.

    Attributes:
        size: What one shown unit is worth, in the recorded unit.
        unit: Its symbol.
        decimals: Digits after the point.
    """

    size: float
    unit: str
    decimals: int

    def text(self, cost: float | None) -> str:
        """A cost in this unit, without the unit."""
        return NOTHING if cost is None else number(cost / self.size, self.decimals)


def cost_scale(cost_unit: str, costs: Iterable[float | None]) -> CostScale:
    """The unit in which a typical one of these costs is easy to read.

    Decimals are such that the smallest cost keeps two significant digits, if it is not dwarfed.
    """
    positive = sorted(c for c in costs if c is not None and c > 0)
    steps = _STEPS.get(cost_unit.lower(), ((0.0, 1.0, cost_unit),))
    if not positive:
        return CostScale(1.0, next(symbol for _, size, symbol in steps if size == 1.0), 0)
    typical = positive[len(positive) // 2]
    size, symbol = next((size, symbol) for least, size, symbol in steps if typical >= least)
    smallest = max(positive[0], typical / 100) / size
    fewest = 2 if symbol == "USD" else 0
    decimals = min(max(1 - math.floor(math.log10(smallest)), fewest), _MAX_DECIMALS)
    return CostScale(size, symbol, decimals)


def number(value: float, decimals: int) -> str:
    """A number with a thousands comma and a true minus sign; never a negative zero."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", "−")


def percent(share: float | None, decimals: int = 1) -> str:
    """A share in percent, without the sign."""
    return NOTHING if share is None else number(100.0 * share, decimals)


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    text = number(100.0 * difference, 2)
    return text if text.startswith("−") or text == "0.00" else f"+{text}"


def ratio(value: float | None) -> str:
    """A ratio with two decimals."""
    return NOTHING if value is None else number(value, 2)


def with_spread(mean: str, spread: str | None) -> str:
    """A mean with the standard deviation behind it."""
    return mean if spread is None else f"{mean} ± {spread}"


def of(part: int, whole: int) -> str:
    """A count out of a count."""
    return f"{part} of {whole}"


def model_shares(shares: Mapping[str, float] | None, most: int = 4) -> str:
    """Each model's share in the order of the zoo; in a large zoo only the most used, by name."""
    if not shares:
        return NOTHING
    if len(shares) <= most:
        return " / ".join(percent(share, 0) for share in shares.values())
    used = sorted(shares.items(), key=lambda item: -item[1])[: most - 2]
    named = [f"{name} {percent(share, 0)}" for name, share in used if share > 0]
    rest = 1.0 - sum(share for _, share in used)
    return ", ".join([*named, f"others {percent(rest, 0)}"] if rest >= 0.005 else named)


def stream_labels(streams: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What each (data, task) is called: as short as tells them apart."""
    keys = list(dict.fromkeys(streams))
    tasks = [task for _, task in keys]
    plain = len({data for data, _ in keys}) == 1 and ALL_TASKS not in tasks
    return {
        (data, task): task if plain else data if task == ALL_TASKS else f"{data}/{task}"
        for data, task in keys
    }


def reference_title(reference: str) -> str:
    """A reference line's name for people."""
    return REFERENCE_TITLES.get(reference, reference.replace("_", " "))
