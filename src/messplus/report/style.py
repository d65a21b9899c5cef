"""How every figure looks: colours, sizes, labels, files. Without pyplot, whose state is global."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from io import BytesIO
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

P = ParamSpec("P")

# Okabe and Ito's palette for all kinds of colour vision, without its black and its yellow (too
# faint for lines on white).
POLICY_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)))  # for the 7th policy and on
INK = "#222222"
QUIET = "#6b6b6b"
FAINT = "#e4e4e4"
REFERENCE_DASHES = {
    "best_single": (0, (6, 1.5, 1, 1.5)),
    "static_mix": (0, (5, 2)),
    "text_router": (0, (3, 1.5)),
    "clairvoyant": (0, (1.2, 1.6)),
}
REFERENCE_MARKS = {"best_single": "s", "static_mix": "D", "text_router": "^", "clairvoyant": "*"}
WIDTH = 6.4
"""Inches: half a page, at which the text keeps about its size."""
LABEL_SIZE = 8.5
_PNG_DPI = 150
_RC: dict[Any, Any] = {  # matplotlib types keys as one of 350 words
    "axes.axisbelow": True,
    "axes.edgecolor": "#9a9a9a",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
    "font.size": 9,
    "grid.color": "#ececec",
    "grid.linewidth": 0.7,
    "legend.fontsize": LABEL_SIZE,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "lines.solid_capstyle": "round",
    "path.simplify_threshold": 0.2,
    "svg.fonttype": "none",  # text stays text: smaller, and sharp at any size
    "svg.hashsalt": "messplus",  # the same figure is the same file
    "text.color": INK,
    "text.parse_math": False,  # a task called "$x$" is not a formula
    "xtick.color": QUIET,
    "xtick.labelsize": LABEL_SIZE,
    "ytick.color": QUIET,
    "ytick.labelsize": LABEL_SIZE,
}


@contextmanager
def applied() -> Iterator[None]:
    """Our style, for as long as the context lasts; the caller's matplotlib stays as it is."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # the user's own matplotlibrc must not change a report
        matplotlib.rcParams.update(_RC)
        yield


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in our style."""

    @wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with applied():
            return draw(*args, **kwargs)

    return inner


def new_figure(width: float = WIDTH, height: float = 3.3) -> Figure:
    """An empty figure with a canvas of its own, in inches."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def policy_colour(index: int) -> str:
    """Colour of the policy with this place in the grid, in every figure."""
    return POLICY_COLOURS[index % len(POLICY_COLOURS)]


def policy_dash(index: int) -> str | tuple[int, tuple[float, ...]]:
    """Line style of that policy: solid, until colours come round again."""
    return _DASHES[min(index // len(POLICY_COLOURS), len(_DASHES) - 1)]


def model_colours(n_models: int) -> list[tuple[float, float, float, float]]:
    """Light to dark in ascending cost."""
    shades = matplotlib.colormaps["YlGnBu"](np.linspace(0.22, 0.92, n_models))
    return [tuple(shade) for shade in shades.tolist()]


def shortened(name: str, most: int = 24) -> str:
    """A name short enough to stand in a figure."""
    return name if len(name) <= most else f"{name[: most - 9]}…{name[-8:]}"


def legend_columns(names: Sequence[str], width: float = WIDTH) -> int:
    """As many columns as fit beside each other in inches; a legend is filled by columns."""
    letters = 13.8 * width
    for columns in range(len(names), 1, -1):
        parts = np.array_split(list(names), columns)  # as matplotlib fills them
        if sum(max(map(len, part)) + 5 for part in parts) <= letters:
            return columns
    return 1


percent = FuncFormatter(lambda value, _: f"{100 * value:.6g} %".replace("-", "−"))
"""Shares on an axis."""

points = FuncFormatter(lambda value, _: f"{100 * value:.6g} pp".replace("-", "−"))
"""Differences of shares on an axis."""

plain = FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))
"""Numbers on an axis."""


def log_ticks(axis: Axis, subs: Sequence[float] = (1.0,)) -> None:
    """Ticks of a logarithmic axis that read as numbers, without mathematical type."""
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
    axis.set_minor_formatter(NullFormatter())


def _power(value: float) -> str:
    """A number; if it is a far power of ten, as such."""
    if 1e-3 <= value < 1e6:
        return f"{value:,.10g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if mantissa == "1" else f"{mantissa}·{power}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def to_svg(figure: Figure) -> bytes:
    """The figure as SVG: the same bytes for the same figure, on any day."""
    file = BytesIO()
    with applied():
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _LONG_NUMBER.sub(_rounded, file.getvalue())


def to_png(figure: Figure) -> bytes:
    """The figure as PNG, 150 dots per inch."""
    file = BytesIO()
    with applied():
        figure.savefig(file, format="png", dpi=_PNG_DPI, metadata={"Software": None})
    return file.getvalue()


# A hundredth of a point is finer than any screen; matplotlib writes a millionth.
_LONG_NUMBER = re.compile(rb"-?\d+\.\d{3,}(?=[\s\",)])")


def _rounded(match: re.Match[bytes]) -> bytes:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".").encode()
