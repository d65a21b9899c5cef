"""Every reader keeps the same contract, on small files written here in the published layouts."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from messplus.errors import DataError
from messplus.replay.readers import READERS, read_outcomes
from messplus.replay.readers.frames import columns_of

# What every file below says, for models cheap and dear.
SCORE = [[0.0, 1.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
COST = [[1.0, 8.0], [2.0, 9.0], [1.5, 8.5], [1.0, 8.0]]
TASKS = ["law", "law", "maths", "maths"]
PROMPTS = ["Who sues?", 'A "quoted", two-line\nprompt', "One and one?", "Ünïcode π?"]


def column(values: list[list[float]], m: int) -> list[float]:
    return [row[m] for row in values]


def native(folder: Path) -> Path:
    # Dear comes first here: without a sidecar the mean cost gives the order.
    frame = pl.DataFrame(
        {
            "prompt_id": ["007", "2", "3", "4"],
            "task": TASKS,
            "prompt": PROMPTS,
            "score__dear": column(SCORE, 1),
            "cost__dear": column(COST, 1),
            "score__cheap": [bool(score) for score in column(SCORE, 0)],
            "cost__cheap": column(COST, 0),
            "response__cheap": ["ignored"] * 4,
        }
    )
    frame.write_parquet(folder / "mine.parquet")
    return folder / "mine.parquet"


def native_csv(folder: Path) -> Path:
    pl.read_parquet(native(folder)).write_csv(folder / "mine.csv")
    return folder / "mine.csv"


def messplus_csvs(folder: Path) -> Path:
    (folder / "captured").mkdir()
    for task, rows in (("law", [0, 1]), ("maths", [2, 3])):
        score = "acc_norm" if task == "law" else "label"
        frame = pl.DataFrame(
            {
                "doc_id": [0, 0],  # the same document twice, as in the authors' LogiQA stream
                "input_text": [PROMPTS[row] for row in rows],
                "benchmark_name": [task] * 2,
                f"{score}_dear": [SCORE[row][1] for row in rows],
                f"{score}_cheap": [SCORE[row][0] for row in rows],
                "energy_consumption_dear": [COST[row][1] for row in rows],
                "energy_consumption_cheap": [COST[row][0] for row in rows],
                "inference_time_dear": [2.0, 2.0],
                "inference_time_cheap": [0.5, 0.5],
            }
        )
        frame.write_csv(folder / "captured" / f"{task}.csv")
    return folder / "captured"


def routerbench(folder: Path) -> Path:
    frame = pl.DataFrame(
        {
            "sample_id": ["law.1", "law.2", "maths.1", "maths.2"],
            "prompt": PROMPTS,
            "eval_name": TASKS,
            "org/dear": column(SCORE, 1),
            "org/cheap": column(SCORE, 0),
            "org/dear|model_response": ["ignored"] * 4,
            "org/cheap|model_response": ["ignored"] * 4,
            "org/dear|total_cost": column(COST, 1),
            "org/cheap|total_cost": column(COST, 0),
            "oracle_model_to_route_to": ["org/dear", "org/cheap", "org/dear", "org/cheap"],
        }
    )
    frame.write_parquet(folder / "routerbench_0shot.parquet")
    return folder / "routerbench_0shot.parquet"


def record(row: int, m: int) -> dict[str, object]:
    return {
        "index": row,
        "origin_query": "the question alone",
        "prompt": PROMPTS[row],
        "prediction": "x",
        "ground_truth": "y",
        "score": SCORE[row][m],
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cost": COST[row][m],
        "raw_output": {"any": ["thing"]},
    }


def llmrouterbench(folder: Path) -> Path:
    root = folder / "bench"
    for m, model in ((1, "dear"), (0, "cheap")):
        for task, rows in (("law", [0, 1]), ("maths", [2, 3])):
            run = {
                "performance": 0.5,
                "model_name": model,
                "dataset_name": task,
                "split": "test",
                "demo": False,
                "records": [record(row, m) for row in rows],
            }
            file = root / task / "test" / model / f"{task}-test-{model}-20250901_120000.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(run), encoding="utf-8")
    return root


def llmrouterbench_lines(folder: Path) -> Path:
    root = folder / "lines"
    for m, model in ((1, "dear"), (0, "cheap")):
        for task, rows in (("law", [0, 1]), ("maths", [2, 3])):
            file = root / task / f"{model}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            text = "\n".join(json.dumps(record(row, m), ensure_ascii=False) for row in rows)
            file.write_text(text + "\n", encoding="utf-8")
    return root


WRITERS = [native, native_csv, messplus_csvs, routerbench, llmrouterbench, llmrouterbench_lines]


@pytest.mark.parametrize("write", WRITERS)
class TestContract:
    def test_every_value_arrives(self, write: Callable[[Path], Path], tmp_path: Path) -> None:
        result = read_outcomes(write(tmp_path))
        table = result.table
        assert result.warnings == ()
        assert [model.removeprefix("org/") for model in table.models] == ["cheap", "dear"]
        assert table.score.tolist() == SCORE
        assert table.cost.tolist() == COST
        assert table.tasks == tuple(TASKS)
        assert table.prompts == tuple(PROMPTS)
        assert len(set(table.prompt_ids)) == 4
        assert table.alpha is None
        assert table.cost_unit == ("joule" if write is messplus_csvs else "usd")

    def test_exactly_one_reader_knows_it(
        self, write: Callable[[Path], Path], tmp_path: Path
    ) -> None:
        path = write(tmp_path)
        assert sum(reader.can_read(path, columns_of(path)) for reader in READERS) == 1

    def test_a_sidecar_beside_it_counts(
        self, write: Callable[[Path], Path], tmp_path: Path
    ) -> None:
        path = write(tmp_path)
        entries = {"name": "named", "cost_unit": "euro", "alpha": 0.7, "licence": "MIT"}
        (tmp_path / f"{path.stem}.json").write_text(json.dumps(entries), encoding="utf-8")
        table = read_outcomes(path).table
        assert (table.name, table.cost_unit, table.alpha) == ("named", "euro", 0.7)
        assert table.licence == "MIT"


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    assert read_outcomes(native_csv(tmp_path)).table.prompt_ids == ("007", "2", "3", "4")


def test_repeated_documents_get_a_suffix_and_seconds_are_kept(tmp_path: Path) -> None:
    table = read_outcomes(messplus_csvs(tmp_path)).table
    assert table.prompt_ids == ("law/0", "law/0#2", "maths/0", "maths/0#2")
    assert table.latency_s is not None
    assert table.latency_s[0].tolist() == [0.5, 2.0]


def test_a_folders_name_keeps_its_dots(tmp_path: Path) -> None:
    folder = messplus_csvs(tmp_path).rename(tmp_path / "llama-3.1")
    (tmp_path / "llama-3.1.json").write_text('{"alpha": 0.5}')
    table = read_outcomes(folder).table
    assert (table.name, table.alpha) == ("llama-3.1", 0.5)


def test_one_csv_of_the_authors_is_a_table_too(tmp_path: Path) -> None:
    table = read_outcomes(messplus_csvs(tmp_path) / "law.csv").table
    assert table.name == "law"
    assert table.n_requests == 2


def test_labels_written_by_pandas_are_truth_values(tmp_path: Path) -> None:
    path = tmp_path / "boolq.csv"
    path.write_text(
        "doc_id,input_text,label_s,label_l,energy_consumption_s,energy_consumption_l\n"
        "1,a,True,True,1,9\n2,b,False,True,1,9\n"
    )
    table = read_outcomes(path).table
    assert table.score.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert table.task_names == ("boolq",)


def test_errors_name_the_columns_of_the_format(tmp_path: Path) -> None:
    path = routerbench(tmp_path)
    frame = pl.read_parquet(path)
    frame.with_columns(pl.Series("org/dear", [1.0, 1.0, 3.0, 0.0])).write_parquet(path)
    with pytest.raises(DataError, match=r"row 3 \(prompt_id 'maths.1'\), column 'org/dear': 3 is"):
        read_outcomes(path)


def test_routerbench_without_a_score_column_says_which(tmp_path: Path) -> None:
    path = routerbench(tmp_path)
    pl.read_parquet(path).drop("org/dear").write_parquet(path)
    with pytest.raises(DataError, match="column 'org/dear' is missing"):
        read_outcomes(path)


def test_a_pickle_is_refused_with_the_reason_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "routerbench_0shot.pkl"
    path.write_bytes(b"never read")
    with pytest.raises(DataError, match=r"run whatever code.*to_parquet\('routerbench_0shot.parq"):
        read_outcomes(path)


def test_requests_that_a_model_lacks_are_dropped_and_counted(tmp_path: Path) -> None:
    root = llmrouterbench(tmp_path)
    file = next((root / "maths" / "test" / "cheap").iterdir())
    run = json.loads(file.read_text(encoding="utf-8"))
    run["records"][0]["score"] = None
    file.write_text(json.dumps(run), encoding="utf-8")
    result = read_outcomes(root)
    assert result.table.prompt_ids == ("law/test/0", "law/test/1", "maths/test/3")
    (warning,) = result.warnings
    assert str(warning) == (
        "rows: 1 of 4 requests are dropped, as not every model has a score and a cost for them; "
        "'cheap' lacks 1 of 'maths'"
    )


def test_no_common_request_is_an_error_that_names_the_gaps(tmp_path: Path) -> None:
    root = llmrouterbench_lines(tmp_path)
    (root / "law" / "cheap.jsonl").unlink()
    (root / "maths" / "dear.jsonl").unlink()
    with pytest.raises(DataError, match="'cheap' lacks 2 of 'law', 'dear' lacks 2 of 'maths'"):
        read_outcomes(root)


def test_the_last_run_counts_and_demo_runs_do_not(tmp_path: Path) -> None:
    root = llmrouterbench(tmp_path)
    folder = root / "law" / "test" / "cheap"
    run = json.loads(next(folder.iterdir()).read_text(encoding="utf-8"))
    older = {**run, "records": [{**entry, "score": 0.25} for entry in run["records"]]}
    (folder / "law-test-cheap-20240101_000000.json").write_text(json.dumps(older))
    (folder / "law-test-cheap-20260101_000000.json").write_text(json.dumps({**older, "demo": True}))
    result = read_outcomes(root)
    assert result.table.score.tolist() == SCORE
    assert "2 of 6 files are demo runs or older runs" in str(result.warnings[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "good"}, "record 1: 'score' must be a number, got 'good'"),
        ({"index": None}, "record 1: 'index' must be a number or a text, got None"),
        ({"index": 1}, r"'law/1' comes 2 times"),
    ],
)
def test_a_broken_record_names_file_and_field(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    root = llmrouterbench_lines(tmp_path)
    lines = [json.dumps({**record(0, 0), **change}), json.dumps(record(1, 0))]
    (root / "law" / "cheap.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=f"cheap.jsonl.*{message}"):
        read_outcomes(root)


class TestPaths:
    def test_nothing_there_names_what_is_nearly_called_so(self, tmp_path: Path) -> None:
        native(tmp_path)
        with pytest.raises(DataError, match=r"no 'mine.csv' in .*did you mean 'mine.parquet'"):
            read_outcomes(tmp_path / "mine.csv")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"the folder .*nowhere does not exist"):
            read_outcomes(tmp_path / "nowhere" / "mine.csv")

    def test_unknown_format_lists_the_known_ones(self, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("a,b\n1,2\n")
        with pytest.raises(DataError) as caught:
            read_outcomes(tmp_path / "x.csv")
        assert "is a file with columns a, b of no known format" in str(caught.value)
        assert str(caught.value).count("\n  - ") == len(READERS)

    def test_the_sidecar_itself_points_to_its_table(self, tmp_path: Path) -> None:
        native(tmp_path).with_suffix(".json").write_text("{}")
        with pytest.raises(DataError, match=r"is the sidecar; give its table instead: mine.parq"):
            read_outcomes(tmp_path / "mine.json")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="is a folder of no known format"):
            read_outcomes(tmp_path)

    @pytest.mark.parametrize("name", ["x.parquet", "x.csv"])
    def test_what_is_no_table(self, name: str, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(b"\xff\xfe\x00 not a table")
        with pytest.raises(DataError, match=f"cannot read .*{name}"):
            read_outcomes(tmp_path / name)
