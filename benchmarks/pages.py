"""Results pages: a text with gaps, the figures that fill them, and the plots beside it.

The texts are in benchmarks/pages/*.md.in; `$name` is a gap (string.Template). A page is never edited by
hand: change its text or the script that fills it.
"""

from collections.abc import Mapping
from pathlib import Path
from string import Template

from matplotlib.figure import Figure

from messplus.files import write_whole
from messplus.report.style import to_png, to_svg

TEXTS = Path(__file__).parent / "pages"


def write_page(path: Path, text: str, gaps: Mapping[str, str]) -> None:
    """Fill every gap of a text; a gap without a filling, or the other way round, is an error."""
    template = Template((TEXTS / text).read_text())
    if unused := set(gaps) - set(template.get_identifiers()):
        raise KeyError(f"{text} has no gap for {', '.join(sorted(unused))}")
    filled = template.substitute(gaps)
    write_whole(path, lambda file: file.write(filled.encode()))
    print(path)


def write_between(path: Path, mark: str, content: str) -> None:
    """Replace what stands between `<!-- mark:begin -->` and `<!-- mark:end -->` in a file."""
    begin, end = f"<!-- {mark}:begin -->\n", f"<!-- {mark}:end -->"
    before, _, rest = path.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{path} has no marks {begin.strip()} and {end}")
    text = f"{before}{begin}{content}\n{end}{after}"
    write_whole(path, lambda file: file.write(text.encode()))
    print(path)


def save_figure(stem: Path, figure: Figure) -> None:
    """Write a figure as SVG and PNG."""
    svg, png = to_svg(figure), to_png(figure)
    write_whole(stem.with_suffix(".svg"), lambda file: file.write(svg))
    write_whole(stem.with_suffix(".png"), lambda file: file.write(png))
    print(stem)
