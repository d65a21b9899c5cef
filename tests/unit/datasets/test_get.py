"""From published files to a table that replay reads, and what can go wrong on the way."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.datasets.samples import SAMPLES, Sample

from messplus.datasets.catalog import DATA_SETS
from messplus.datasets.get import Got, Progress, accept_licence, get, is_fetched
from messplus.errors import DataError, FetchError, SettingError
from messplus.replay.readers import read_outcomes


class Copies:
    """A `Download` from a folder, that remembers what it was asked for."""

    def __init__(self, sample: Sample) -> None:
        self._files = {file.url: sample.folder / file.name for file in sample.entry.files}
        self.asked: list[str] = []

    def __call__(
        self,
        url: str,
        target: Path,
        *,
        sha256: str | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        self.asked.append(url)
        if on_progress is not None:
            size_bytes = self._files[url].stat().st_size
            on_progress(size_bytes, size_bytes)
        shutil.copy(self._files[url], target)


def fetched(sample: Sample, folder: Path) -> Got:
    return get(sample.entry, folder / "to", cache=folder / "cache", download=Copies(sample))


def published(name: str, folder: Path) -> Sample:
    (folder / "published").mkdir()
    return SAMPLES[name](folder / "published")


def test_every_data_set_has_a_sample() -> None:
    assert set(SAMPLES) == {entry.name for entry in DATA_SETS}


@pytest.mark.parametrize("name", SAMPLES)
class TestEveryLayout:
    def test_what_was_published_is_what_replay_reads(self, name: str, tmp_path: Path) -> None:
        sample = published(name, tmp_path)
        got = fetched(sample, tmp_path)
        assert got.path == tmp_path / "to" / f"{name}.parquet"
        read = read_outcomes(got.path)
        assert read.warnings == got.warnings
        table = read.table
        assert table.digest == got.table.digest
        assert (table.name, table.cost_unit) == (name, sample.entry.cost_unit)
        assert list(table.prompts) == sample.prompts
        assert list(table.tasks) == sample.tasks
        assert set(table.models) == set(sample.score)
        for m, model in enumerate(table.models):
            np.testing.assert_allclose(table.score[:, m], sample.score[model])
            np.testing.assert_allclose(table.cost[0, m], sample.cost[model])

    def test_the_sidecar_says_where_it_is_from(self, name: str, tmp_path: Path) -> None:
        sample = published(name, tmp_path)
        got = fetched(sample, tmp_path)
        sidecar = json.loads(got.path.with_suffix(".json").read_text(encoding="utf-8"))
        assert sidecar["licence"] == sample.entry.licence
        assert sample.entry.cost in sidecar["source"]
        assert sidecar["files"] == [file.url for file in sample.entry.files]
        priced = any(model.price for model in sample.entry.models)
        assert ("prices_usd_per_million_tokens" in sidecar) == priced
        if sample.entry.letters:
            assert f"{sample.entry.letters.prompt:g} letters of a prompt" in sidecar["source"]

    def test_another_number_of_requests_is_an_error(self, name: str, tmp_path: Path) -> None:
        sample = published(name, tmp_path)
        n = len(sample.prompts)
        sample = replace(sample, entry=replace(sample.entry, rows=(n + 1, n + 1)))
        with pytest.raises(DataError, match=f"has {n} requests .* {n + 1} were expected"):
            fetched(sample, tmp_path)
        assert not (tmp_path / "to").exists()

    def test_a_file_of_another_layout_is_an_error(self, name: str, tmp_path: Path) -> None:
        sample = published(name, tmp_path)
        (sample.folder / sample.entry.files[0].name).write_bytes(b'{"moved": "elsewhere"}')
        with pytest.raises(DataError, match="delete that folder to fetch them anew"):
            fetched(sample, tmp_path)
        assert not (tmp_path / "to").exists()

    def test_a_cut_file_is_an_error(self, name: str, tmp_path: Path) -> None:
        sample = published(name, tmp_path)
        file = sample.folder / sample.entry.files[0].name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        with pytest.raises(DataError):
            fetched(sample, tmp_path)
        assert not (tmp_path / "to").exists()


def test_the_promise_of_the_paper_comes_with_its_recording(tmp_path: Path) -> None:
    table = fetched(published("messplus-llama3", tmp_path), tmp_path).table
    assert isinstance(table.alpha, Mapping)
    assert table.alpha["sciq"] == 0.96
    assert table.models[0] == "Llama-3.2-1B-Instruct"
    assert table.prompt_ids[2:5] == ("arc_easy/0", "arc_easy/1", "arc_easy/1#2")


def test_measurements_are_kept(tmp_path: Path) -> None:
    table = fetched(published("llmdrift", tmp_path), tmp_path).table
    assert table.latency_s is not None
    assert table.latency_s[0].tolist() == [1.5, 2.5, 3.5, 4.5]
    assert table.output_tokens is not None
    assert table.output_tokens[0, 0] == 156


def test_what_is_in_the_cache_is_not_fetched_again(tmp_path: Path) -> None:
    sample = published("paretobandit", tmp_path)
    download = Copies(sample)
    cache = tmp_path / "cache"
    assert not is_fetched(sample.entry, cache)
    get(sample.entry, tmp_path / "a", cache=cache, download=download)
    assert is_fetched(sample.entry, cache)
    get(sample.entry, tmp_path / "b", cache=cache, download=download)
    assert download.asked == [file.url for file in sample.entry.files]


def test_a_copy_with_another_checksum_is_fetched_again(tmp_path: Path) -> None:
    sample = published("sprout", tmp_path)
    (file,) = sample.entry.files
    entry = replace(sample.entry, files=(replace(file, sha256="0" * 64),))
    download = Copies(sample)
    for _ in range(2):
        get(entry, tmp_path, cache=tmp_path / "cache", download=download)
    assert len(download.asked) == 2


def test_a_file_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    sample = published("sprout", tmp_path)
    (file,) = sample.entry.files
    entry = replace(sample.entry, files=(replace(file, max_bytes=10),))
    with pytest.raises(FetchError, match="at most 10 were expected"):
        get(entry, tmp_path / "to", cache=tmp_path / "cache", download=Copies(sample))
    assert not is_fetched(entry, tmp_path / "cache")
    assert not (tmp_path / "to").exists()


def test_progress_is_told_per_file(tmp_path: Path) -> None:
    sample = published("paretobandit", tmp_path)
    told: list[tuple[str, int]] = []
    get(
        sample.entry,
        tmp_path,
        cache=tmp_path / "cache",
        download=Copies(sample),
        on_file=lambda file: lambda done, total: told.append((file.name, total)),
    )
    assert [name for name, _ in told] == ["val_k4.jsonl", "test_k4.jsonl"]
    assert all(total > 0 for _, total in told)


def test_a_score_out_of_range_is_an_error(tmp_path: Path) -> None:
    sample = published("paretobandit", tmp_path)
    file = sample.folder / "val_k4.jsonl"
    file.write_text(file.read_text().replace('"reward": 0.5,', '"reward": 5.0,'))
    with pytest.raises(DataError, match=r"5 is outside \[0, 1\]"):
        fetched(sample, tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    sample = published("llmdrift", tmp_path)
    file = sample.folder / "PRIME_FULL_EVAL.csv"
    file.write_text(file.read_text().replace("ref_answer", "reference"))
    with pytest.raises(DataError, match="column 'ref_answer' is missing"):
        fetched(sample, tmp_path)


class TestLicence:
    TERMS = ("toy", "none stated", "https://example.org/toy")

    def test_accepted_by_flag(self) -> None:
        accept_licence(*self.TERMS, accepted=True, ask=None)

    def test_nobody_there_to_ask(self) -> None:
        with pytest.raises(SettingError, match=r"licence: none stated .* give --accept-licence"):
            accept_licence(*self.TERMS, accepted=False, ask=None)

    @pytest.mark.parametrize("answer", [True, False])
    def test_asked(self, answer: bool) -> None:
        asked: list[str] = []

        def ask(question: str) -> bool:
            asked.append(question)
            return answer

        def accept(ask: Callable[[str], bool]) -> None:
            accept_licence(*self.TERMS, accepted=False, ask=ask)

        if answer:
            accept(ask)
        else:
            with pytest.raises(SettingError, match="not accepted, so nothing was fetched"):
                accept(ask)
        assert "none stated" in asked[0]
