"""The page: self-contained, honest about what it shows, and safe with any name."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from messplus.errors import MissingExtraError, SettingError
from messplus.replay.references import Reference
from messplus.replay.results import Results, Run
from messplus.replay.streams import Stream
from messplus.report import page as page_module
from messplus.report.headlines import headlines
from messplus.report.page import write_report

MakeRun = Callable[..., Run]
MakeStream = Callable[..., Stream]
MakeReference = Callable[..., Reference]


def grid(runs: tuple[Run, ...], references: tuple[Reference, ...] = ()) -> Results:
    return Results(runs=runs, references=references)


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_page_asks_for_nothing_and_says_what_its_figures_show(
    results: Results, streams: list[Stream], tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    path = write_report(results, streams, tmp_path, lambda done, total: steps.append((done, total)))
    page = path.read_text()
    tags = Tags(page).found
    assert path == tmp_path / "index.html"
    assert steps == [(i, 11) for i in range(1, 12)]  # overview and five figures per stream

    for _, attributes in tags:
        for name in ("src", "href", "srcset", "data", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "url(" not in re.sub(r'src="data:[^"]*"', "", page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags}
    policy = next(a["content"] for tag, a in tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")

    images = [attributes for tag, attributes in tags if tag == "img"]
    assert len(images) == 11
    assert all(image["alt"] for image in images)
    assert any("messplus 78.0 %" in (image["alt"] or "") for image in images)
    assert "SYNTHETIC" not in page
    for suffix in ("png", "svg"):
        assert len(list((tmp_path / "figures").glob(f"*.{suffix}"))) == 11
        assert (tmp_path / "figures" / f"boolq-satisfaction.{suffix}").exists()


def test_a_synthetic_replay_says_so_loudly(
    results: Results, streams: list[Stream], tmp_path: Path
) -> None:
    page = write_report(replace(results, synthetic=True), streams, tmp_path).read_text()
    assert "<strong>SYNTHETIC.</strong>" in page


def test_names_are_shown_and_never_run(run: MakeRun, stream: MakeStream, tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    models = (evil, "$x_1^{")
    results = grid((run(evil, evil, data=evil, models=models),))
    page = write_report(results, [stream(evil, data=evil, models=models)], tmp_path).read_text()
    assert "<script" not in page
    assert evil in unescape(page)
    assert not any(tag == "script" for tag, _ in Tags(page).found)


def test_an_alpha_out_of_reach_is_shown_as_such(
    run: MakeRun, stream: MakeStream, reference: MakeReference, tmp_path: Path
) -> None:
    results = grid(
        (run(alpha=1.0, over_static=None, satisfaction=0.7),),
        tuple(
            reference(name, cost=None, alpha=1.0, satisfaction=0.75)
            for name in ("best_single", "static_mix", "text_router", "clairvoyant")
        ),
    )
    page = write_report(results, [stream(alpha=1.0)], tmp_path).read_text()
    assert "α = 100.00 % is out of reach of every single model" in page
    assert "no static mix reaches α" in page


@pytest.mark.parametrize("requests", [1, 2, 300])
@pytest.mark.parametrize("models", [("only",), ("a", "b", "c", "d", "e")])
def test_the_smallest_replays_can_be_drawn(
    run: MakeRun, stream: MakeStream, tmp_path: Path, requests: int, models: tuple[str, ...]
) -> None:
    results = grid((run(models=models, requests=requests),))
    write_report(results, [stream(models=models, requests=requests)], tmp_path)


def test_a_free_zoo_can_be_drawn(run: MakeRun, stream: MakeStream, tmp_path: Path) -> None:
    free = stream()
    free = replace(free, cost=free.cost * 0.0)
    write_report(grid((run(cost=0.0, over_static=None),)), [free], tmp_path)


def test_headlines_say_in_words_what_came_of_each_policy(results: Results) -> None:
    assert headlines(results) == [
        ("messplus", "kept 3 of 4 promises at 1.50 times the cost of the static mix"),
        ("largest", "kept 4 of 4 promises at 4.00 times the cost of the static mix"),
    ]


def test_a_missing_stream_is_named(results: Results, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="boolq"):
        write_report(results, [], tmp_path)


def test_a_caller_without_the_extra_learns_how_to_install_it(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(extra: str, modules: object, what: str) -> None:
        raise MissingExtraError(f"{what} needs messplus[{extra}]")

    monkeypatch.setattr(page_module, "require_extra", refuse)
    with pytest.raises(MissingExtraError, match=r"messplus\[replay\]"):
        write_report(results, [], tmp_path)
    assert list(tmp_path.iterdir()) == []
