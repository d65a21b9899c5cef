"""A line in a terminal: two by four dots in every letter, in Braille."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from rich.text import Text

from messplus.core.types import Bools

_BRAILLE: Final = 0x2800
_BITS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot of a letter adds to its code point: four rows of two."""

_LABEL: Final = 8  # letters: "100.0 % "
_WARM_UP: Final = 200  # requests: the first running means jump between 0 and 1


def line_chart(
    values: Sequence[float], *, total: int, target: float, width: int, height: int
) -> Text:
    """Shares over time, and a line that they are to stay above.

    Args:
        values: One share per request so far, in [0, 1].
        total: Requests in the end: the width of the picture.
        target: Where the line is drawn, in [0, 1].
        width: Letters, the labels included.
        height: Lines.

    Returns:
        `height` lines of text of at most `width` letters.
    """
    low, high = _scale(values, target)
    columns, rows = 2 * max(1, width - _LABEL), 4 * height

    def row(value: float) -> int:
        return round((high - value) / (high - low) * (rows - 1))

    curve = _curve([row(v) for v in values], total, columns, rows)
    promise = np.zeros_like(curve)
    promise[row(target), ::2] = True
    codes, bare = _codes(curve | promise), ~_codes(curve).astype(bool)
    labels = {0: high, height - 1: low, row(target) // 4: target}
    picture = Text()
    for line in range(height):
        label = f"{labels[line]:.1%} ".replace("%", " %") if line in labels else ""
        is_target = line == row(target) // 4
        picture.append(label.rjust(_LABEL), "yellow" if is_target else "dim")
        for code, is_bare in zip(codes[line], bare[line], strict=True):
            picture.append(chr(_BRAILLE + int(code)), "yellow" if is_bare else "bold green")
        if line + 1 < height:
            picture.append("\n")
    return picture


def _scale(values: Sequence[float], target: float) -> tuple[float, float]:
    """The shares at the bottom and the top: around the target, wide enough for the curve."""
    settled = values[min(_WARM_UP, len(values) // 2) :]
    far = max((abs(value - target) for value in settled), default=0.0)
    half = 0.05
    while half < far:
        half *= 2
    return max(0.0, target - half), min(1.0, target + half)


def _curve(dots: Sequence[int], total: int, columns: int, rows: int) -> Bools:
    """Which dots are set, shape (rows, columns); what is off the scale is left out.

    Args:
        dots: The row of every value; may be off the scale.
        total: Values in the end.
        columns: Of dots.
        rows: Of dots.
    """
    grid = np.zeros((rows, columns), dtype=bool)
    previous: int | None = None
    for column in range(columns):
        if column * total / columns >= len(dots):
            break
        here = dots[min(len(dots), max(1, (column + 1) * total // columns)) - 1]
        start = here if previous is None else previous
        top, bottom = sorted((start, here))
        grid[max(0, top) : max(0, bottom + 1), column] = True
        previous = here
    return grid


def _codes(grid: Bools) -> np.ndarray[tuple[int, ...], np.dtype[np.int_]]:
    """What each letter adds to the first code point of Braille, shape (rows / 4, columns / 2)."""
    letters = grid.reshape(grid.shape[0] // 4, 4, grid.shape[1] // 2, 2)
    return np.asarray(np.einsum("rach,ah->rc", letters, _BITS))
