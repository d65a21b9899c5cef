"""Labels beside what they name, moved so that none covers another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from messplus.core.types import Floats
from messplus.report.style import INK, LABEL_SIZE, shortened


@dataclass(frozen=True, slots=True)
class End:
    """Where a line ends, and what it is called.

    Attributes:
        value: On the vertical axis, in its unit.
        name: Of the line.
        colour: Of line and name.
    """

    value: float
    name: str
    colour: str


def name_ends(axes: Axes, ends: Sequence[End]) -> None:
    """Name lines at their right ends, moved apart where they would overlap.

    Args:
        axes: With its final limits.
        ends: One per line.
    """
    # Axes fill about four fifths of a figure's height; both in points.
    gap = LABEL_SIZE * 1.3 / (_figure(axes).get_figheight() * 72 * 0.8)
    scale = axes.transScale + axes.transLimits
    places = [min(max(float(scale.transform((1.0, end.value))[1]), 0.0), 1.0) for end in ends]
    for end, place, at in zip(ends, places, _apart(places, gap), strict=True):
        axes.plot(
            (1.0, 1.018),
            (place, at),
            color=end.colour,
            linewidth=0.8,
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(
            1.025,
            at,
            shortened(end.name),
            color=end.colour,
            fontsize=LABEL_SIZE,
            verticalalignment="center",
            transform=axes.transAxes,
        )


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Places at least `gap` apart, in the same order, near where they were, within [0, 1]."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    # Blocks of labels that touch, each centred on the mean of the places that it holds.
    blocks: list[list[int]] = []
    for i in order:
        blocks.append([i])
        while len(blocks) > 1 and _top(blocks[-2], places, gap) + gap > _bottom(
            blocks[-1], places, gap
        ):
            last = blocks.pop()
            blocks[-1] += last
    found = [0.0] * len(places)
    for block in blocks:
        start = _bottom(block, places, gap)
        for rank, i in enumerate(block):
            found[i] = start + rank * gap
    return found


def _bottom(block: Sequence[int], places: Sequence[float], gap: float) -> float:
    centred = sum(places[i] for i in block) / len(block) - gap * (len(block) - 1) / 2
    return max(0.0, min(centred, 1.0 - gap * (len(block) - 1)))


def _top(block: Sequence[int], places: Sequence[float], gap: float) -> float:
    return _bottom(block, places, gap) + gap * (len(block) - 1)


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle on the page, in points."""

    left: float
    right: float
    bottom: float
    top: float

    def overlaps(self, other: "_Box") -> bool:
        """Whether the two share a point."""
        across = self.left < other.right and self.right > other.left
        return across and self.bottom < other.top and self.top > other.bottom

    def holds(self, points: Floats, margin: float) -> int:
        """How many of the points, shape (K, 2), lie in it or within the margin around it."""
        x, y = points[:, 0], points[:, 1]
        across = (x > self.left - margin) & (x < self.right + margin)
        return int((across & (y > self.bottom - margin) & (y < self.top + margin)).sum())

    def sticks_out_of(self, frame: "_Box") -> bool:
        """Whether a part of it lies outside."""
        across = self.left < frame.left or self.right > frame.right
        return across or self.bottom < frame.bottom or self.top > frame.top


# Where a label may stand, as (right, up) of its point in points; of equals the first is taken.
_SIDES = ((7, -11), (7, 5), (-7, 5), (-7, -11), (0, 9), (0, -15), (10, -3), (-10, -3))
_LETTER = 4.9  # mean width of a letter at this size, in points


def name_points(axes: Axes, names: Sequence[str], x: Floats, y: Floats, obstacles: Floats) -> None:
    """Name points, each on the side where the label covers least.

    Args:
        axes: With its final limits.
        names: One per point.
        x: Shape (K,), in the axis' unit.
        y: Shape (K,).
        obstacles: Points not to be covered, shape (N, 2).
    """
    _figure(axes).draw_without_rendering()  # lays out the axes: from here places are known,
    _figure(axes).set_layout_engine("none")  # and stay as they are
    to_points = 72.0 / _figure(axes).dpi
    taken = axes.transData.transform(obstacles) * to_points
    extent = axes.get_window_extent()
    frame = _Box(*(to_points * v for v in (extent.x0, extent.x1, extent.y0, extent.y1)))
    placed: list[_Box] = []
    at = axes.transData.transform(np.column_stack([x, y])) * to_points
    for i, name in enumerate(map(shortened, names)):
        boxes = [_box(at[i, 0], at[i, 1], side, _LETTER * len(name)) for side in _SIDES]
        badness = [
            box.holds(taken, 3.0)
            + 50 * sum(box.overlaps(other) for other in placed)
            + 1000 * box.sticks_out_of(frame)
            for box in boxes
        ]
        best = badness.index(min(badness))
        placed.append(boxes[best])
        right, up = _SIDES[best]
        axes.annotate(
            name,
            (float(x[i]), float(y[i])),
            xytext=(right, up),
            textcoords="offset points",
            horizontalalignment="center" if right == 0 else "left" if right > 0 else "right",
            fontsize=LABEL_SIZE,
            color=INK,
            zorder=9,
        )


def _box(x: float, y: float, side: tuple[int, int], width: float) -> _Box:
    """Where a label of this width lies on this side of a point."""
    right, up = side
    left = x + right - (width / 2 if right == 0 else 0 if right > 0 else width)
    return _Box(left, left + width, y + up - 1, y + up + LABEL_SIZE)


def _figure(axes: Axes) -> Figure:
    figure = axes.figure
    assert isinstance(figure, Figure)  # we make no subfigures
    return figure
