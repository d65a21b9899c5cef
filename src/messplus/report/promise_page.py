"""A log as one page: whether its promises were kept, at what cost, and by whom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import messplus
from messplus.dashboard.promises import shown_promise
from messplus.dashboard.shapes import Json
from messplus.errors import DataError, require_extra
from messplus.evidence import Evidence
from messplus.evidence.fold import Notable
from messplus.files import write_whole
from messplus.report.page import data_uri
from messplus.report.text import NOTHING, cost_scale, percent

if TYPE_CHECKING:
    from messplus.report.promise_figures import Planned

_BASELINES = {
    "always_largest": "always the largest",
    "cheapest_feasible": "the cheapest that suffices",
    "static_mix": "the best fixed mix",
}
_STATUS = {
    "certified": "kept, with confidence",
    "on_course": "on course",
    "behind": "behind",
    "broken": "broken",
    "infeasible": "out of reach",
    "unknown": "too little known",
}


@dataclass(frozen=True, slots=True)
class _Drawn:
    title: str
    alt: str
    svg: bytes


def write_promise_report(
    evidence: Evidence,
    folder: Path,
    *,
    cost_unit: str,
    route: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a report: `index.html`, which needs no other file, and `figures/` as PNG and SVG.

    Args:
        evidence: What the log knows.
        folder: Where the report goes; made if need be.
        cost_unit: Of all costs.
        route: Only this route's promises; None: all.
        on_progress: Called with (figures drawn, all of them).

    Raises:
        DataError: The log has no decision of that route.
        MissingExtraError: matplotlib or jinja2 is not installed.
        OSError: The folder cannot be written.
    """
    require_extra("replay", ("jinja2", "matplotlib"), "a report")
    from messplus.report.figures import file_names
    from messplus.report.promise_figures import figures_of

    promises = [one for one in evidence.promises.values() if route in (None, one.route)]
    if not promises:
        raise DataError(f"the log has no decision{f' on route {route!r}' if route else ''}")
    stems = file_names([one.name for one in promises], taken=())
    planned = [figures_of(one, stem) for one, stem in zip(promises, stems, strict=True)]
    count, done = sum(map(len, planned)), 0
    sections = []
    for promise, figures in zip(promises, planned, strict=True):
        drawn = []
        for figure in figures:
            drawn.append(_draw(figure, folder / "figures"))
            done += 1
            if on_progress is not None:
                on_progress(done, count)
        shown = shown_promise(evidence, promise, None, evidence.last_s)
        sections.append({"promise": shown, "figures": drawn})
    page = _render(evidence, sections, cost_unit).encode()
    path = folder / "index.html"
    write_whole(path, lambda file: file.write(page))
    return path


def _draw(planned: "Planned", folder: Path) -> _Drawn:
    from messplus.report import style

    figure = planned.draw()
    svg = style.to_svg(figure)
    for suffix, content in (("svg", svg), ("png", style.to_png(figure))):
        write_whole(folder / f"{planned.name}.{suffix}", partial(_fill, content))
    return _Drawn(planned.title, planned.alt, svg)


def _fill(content: bytes, file: "object") -> None:
    file.write(content)  # type: ignore[attr-defined]  # a binary file


def _render(evidence: Evidence, sections: Sequence[Json], cost_unit: str) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("messplus.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    promises = [one["promise"] for one in sections]
    costs = [one["cost_mean"] for one in promises]
    costs += [saving["cost_mean"] for one in promises for saving in one["savings"]]
    scale = cost_scale(cost_unit, [one for one in costs if one is not None])
    environment.filters |= {
        "data_uri": data_uri,
        "percent": lambda share: NOTHING if share is None else f"{percent(share)} %",
        "cost": lambda amount: NOTHING if amount is None else scale.text(amount),
        "day": _day,
        "status": _STATUS.__getitem__,
        "baseline": _BASELINES.__getitem__,
    }
    return environment.get_template("promise.html.j2").render(
        version=messplus.__version__,
        evidence=evidence,
        sections=sections,
        unit=scale.unit,
        notable=_latest(evidence.notable),
    )


def _latest(notable: Sequence[Notable]) -> list[Notable]:
    return list(reversed(notable))[:20]


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
