"""The report: one self-contained page, and every figure as a file beside it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import messplus
from messplus.errors import require_extra
from messplus.files import write_whole
from messplus.replay.results import Results, streams_of
from messplus.replay.streams import Stream
from messplus.report import text
from messplus.report.aggregate import StreamKey, reference_lines
from messplus.report.headlines import facts, headlines

if TYPE_CHECKING:
    from messplus.report.figures import Drawn


def write_report(
    results: Results,
    streams: Sequence[Stream] | None,
    folder: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a report: `index.html`, which needs no other file, and `figures/` as PNG and SVG.

    Args:
        results: Runs and reference lines.
        streams: The streams that were replayed; None: they are not at hand, nor is the course of the
            runs: the tables and the overview are all there is.
        folder: Where the report goes; made if need be. Files of an older report are replaced.
        on_progress: Called with (figures drawn, all of them).

    Returns:
        Path of the page.

    Raises:
        MissingExtraError: matplotlib, jinja2 or rich is not installed.
        SettingError: A stream of the results is not among the streams.
        OSError: The folder cannot be written.
    """
    require_extra("replay", ("jinja2", "matplotlib", "rich"), "a report")
    # Imported here: a caller without the extra is told how to install it, and one that wants no
    # report does not wait for matplotlib.
    from messplus.report.figures import write_figures

    drawn = write_figures(results, streams, folder / "figures", on_progress)
    page = render(results, streams, drawn).encode()
    path = folder / "index.html"
    write_whole(path, lambda file: file.write(page))
    return path


def render(results: Results, streams: Sequence[Stream] | None, drawn: Sequence["Drawn"]) -> str:
    """The page as text, figures included."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from messplus.report.tables import result_tables

    environment = Environment(
        loader=PackageLoader("messplus.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    labels = text.stream_labels(streams_of(results.runs))
    tables = result_tables(results)
    return environment.get_template("report.html.j2").render(
        version=messplus.__version__,
        synthetic=results.synthetic,
        facts=facts(results, streams or ()),
        headlines=headlines(results),
        summary=tables[0],
        per_stream=tables[1:],
        overview=[figure for figure in drawn if figure.stream is None],
        sections=[
            {
                "label": label,
                "alpha": text.percent(_alpha(results, key)),
                "infeasible": _out_of_reach(results, key),
                "figures": [figure for figure in drawn if figure.stream == key],
            }
            for key, label in labels.items()
            if streams is not None
        ],
    )


def data_uri(svg: bytes) -> str:
    """An SVG as the address of an image, which needs no request.

    An image of its own, not markup of the page: its styles and names stay its own. Percent signs for
    what an attribute cannot hold take less room than base 64.
    """
    return "data:image/svg+xml," + quote(svg, safe=" !$&'()*+,-./:;=?@_~[]{}|^`")


def _alpha(results: Results, key: StreamKey) -> float:
    return next(r.cell.alpha for r in results.runs if (r.cell.data, r.cell.task) == key)


def _out_of_reach(results: Results, key: StreamKey) -> str:
    """What to say if no single model and no mix reaches alpha; empty if one does."""
    line = reference_lines(results, "static_mix").get(key)
    if line is None or line.cost_total is not None:
        return ""
    return (
        f"α = {text.percent(line.alpha, 2)} % is out of reach of every single model: the best one satisfies "
        + (f"{text.percent(line.satisfaction, 2)} % of these requests.")
    )
