"""Every reader keeps the same contract, on small files written here in the published layouts."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from messplus.errors import DataError
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers import READERS, ReadResult, read_outcomes
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


def read_csv_text(folder: Path, text: str, sidecar: object = None) -> ReadResult:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    if sidecar is not None:
        (folder / "t.json").write_text(json.dumps(sidecar), encoding="utf-8")
    return read_outcomes(folder / "t.csv")


HEADER = "prompt_id,prompt,score__A,cost__A,score__B,cost__B\n"
GOOD = HEADER + "a,p,0,1,1,9\nb,q,1,1,1,9\n"


class TestNativeErrors:
    def test_all_of_them_come_at_once(self, tmp_path: Path) -> None:
        text = HEADER + "a,p,1.5,1,1,9\na,,1,-1,,9\n"
        with pytest.raises(DataError) as caught:
            read_csv_text(tmp_path, text, {"alpha": 2})
        message = str(caught.value)
        for part in (
            "t.csv breaks the data contract in 6 places:",
            "row 1 (prompt_id 'a'), column 'score__A': 1.5 is outside [0, 1]",
            "row 2 (prompt_id 'a'), column 'score__B': is missing",
            "row 2 (prompt_id 'a'), column 'cost__A': -1 is outside",
            "row 2 (prompt_id 'a'), column 'prompt_id': is the same as on row 1",
            "row 2 (prompt_id 'a'), column 'prompt': is missing",
            "t.json, alpha: 2.0 is outside (0, 1]",
        ):
            assert part in message

    def test_text_among_numbers(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="row 2, column 'cost__A': 'free' is not a number"):
            read_csv_text(tmp_path, HEADER + "a,p,0,1,1,9\nb,q,1,free,1,9\n")

    def test_column_of_another_type(self, tmp_path: Path) -> None:
        frame = pl.DataFrame(
            {"prompt_id": ["a"], "prompt": ["p"], "score__A": [[1]], "cost__A": [1.0]}
        )
        frame.write_parquet(tmp_path / "x.parquet")
        with pytest.raises(DataError, match=r"column 'score__A': holds List\(Int64\); it must"):
            read_outcomes(tmp_path / "x.parquet")

    def test_prompts_that_are_lists(self, tmp_path: Path) -> None:
        path = native(tmp_path)
        pl.read_parquet(path).with_columns(pl.concat_list("prompt")).write_parquet(path)
        with pytest.raises(DataError, match=r"column 'prompt': holds List\(String\); it must hold"):
            read_outcomes(path)

    def test_byte_order_mark_and_crlf_are_no_problem(self, tmp_path: Path) -> None:
        result = read_csv_text(tmp_path, "\ufeff" + GOOD.replace("\n", "\r\n"))
        assert result.table.prompt_ids == ("a", "b")
        assert result.table.cost.tolist() == [[1.0, 9.0], [1.0, 9.0]]

    def test_column_twice(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="column 'prompt' comes twice"):
            read_csv_text(tmp_path, "prompt_id,prompt,prompt\n")

    def test_no_rows(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="rows: the table is empty"):
            read_csv_text(tmp_path, HEADER)

    def test_no_model_columns(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="there are no model columns"):
            read_csv_text(tmp_path, "prompt_id,prompt\na,p\n")

    def test_score_without_cost(self, tmp_path: Path) -> None:
        with pytest.raises(
            DataError, match=r"column 'cost__B': is missing.*did you mean 'csot__B'"
        ):
            read_csv_text(
                tmp_path, "prompt_id,prompt,score__A,cost__A,score__B,csot__B\na,p,1,1,1,1"
            )

    def test_sidecar_that_is_not_json(self, tmp_path: Path) -> None:
        (tmp_path / "t.json").write_text("{name: x}")
        with pytest.raises(DataError, match=r"t.json is not JSON: .*line 1 column 2"):
            read_csv_text(tmp_path, GOOD)

    def test_sidecar_that_is_not_an_object(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"t.json must hold a JSON object, got list"):
            read_csv_text(tmp_path, GOOD, [])

    @pytest.mark.parametrize(
        ("sidecar", "message"),
        [
            ({"models_ascending_cost": ["A", "C"]}, "ascending_cost: lists 'C', which has no col"),
            ({"models_ascending_cost": ["A"]}, "ascending_cost: lacks 'B', which has columns"),
            ({"models_ascending_cost": ["A", "B", "A"]}, "names a model twice"),
            ({"models_ascending_cost": "A"}, "must be a list of model names"),
            ({"alpha": "high"}, r"alpha: must be a number in \(0, 1\]"),
            ({"alpha": {"law": 0.5}}, "alpha: there is no task 'law'"),
            ({"alpha": {"law": True}}, r"alpha\['law'\]: must be a number"),
            ({"cost_unit": 3}, "cost_unit: must be a text, got 3"),
        ],
    )
    def test_wrong_sidecar(self, sidecar: object, message: str, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=message):
            read_csv_text(tmp_path, GOOD, sidecar)

    @pytest.mark.parametrize(
        ("sidecar", "message"),
        [
            ({"alpha": 1.0, "models_ascending_cost": ["B", "A"]}, "'B' (mean cost 9) comes before"),
            ({"aplha": 0.5}, "t.json, aplha: is not a known key; did you mean 'alpha'?"),
        ],
    )
    def test_warnings_come_back(self, sidecar: object, message: str, tmp_path: Path) -> None:
        result = read_csv_text(tmp_path, GOOD, sidecar)
        assert message in str(result.warnings[0])

    def test_the_sidecars_order_is_kept(self, tmp_path: Path) -> None:
        result = read_csv_text(tmp_path, GOOD, {"models_ascending_cost": ["B", "A"]})
        assert result.table.models == ("B", "A")
        assert result.table.cost[0].tolist() == [9.0, 1.0]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAME = st.text(st.sampled_from("abcXYZ019.-_/ é"), min_size=1, max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> OutcomeTable:
    """Any valid table: models in ascending cost, two tasks with or without an alpha each."""
    t = draw(st.integers(1, 8))
    models = tuple(draw(st.lists(NAME, min_size=2, max_size=4, unique=True)))
    shape = (t, len(models))
    share = st.floats(0, 1)
    cost = draw(hnp.arrays(np.float64, shape, elements=st.floats(0, 1e6)))
    cost = cost[:, np.argsort(cost.sum(axis=0), kind="stable")]
    tasks = tuple(draw(st.lists(st.sampled_from(["law", "maths"]), min_size=t, max_size=t)))
    alpha = st.floats(0, 1, exclude_min=True)
    latency = hnp.arrays(np.float64, shape, elements=st.floats(0, 1e3) | st.just(np.nan))
    return OutcomeTable(
        name=draw(TEXT.filter(bool)),
        models=models,
        prompt_ids=tuple(draw(st.lists(TEXT, min_size=t, max_size=t, unique=True))),
        tasks=tasks,
        prompts=tuple(draw(st.lists(TEXT, min_size=t, max_size=t))),
        score=draw(hnp.arrays(np.float64, shape, elements=share)),
        cost=cost,
        cost_unit=draw(st.sampled_from(["usd", "joule", "gCO2"])),
        latency_s=draw(st.none() | latency),
        alpha=draw(st.none() | alpha | st.fixed_dictionaries({x: alpha for x in set(tasks)})),
        source=draw(TEXT),
        licence=draw(TEXT),
        synthetic=draw(st.booleans()),
    )


def write_native(table: OutcomeTable, path: Path) -> None:
    measured = {"score": table.score, "cost": table.cost, "latency": table.latency_s}
    pl.DataFrame(
        {"prompt_id": table.prompt_ids, "task": table.tasks, "prompt": table.prompts}
        | {
            f"{kind}__{model}": matrix[:, m]
            for kind, matrix in measured.items()
            if matrix is not None
            for m, model in enumerate(table.models)
        }
    ).write_parquet(path)
    sidecar = {
        "name": table.name,
        "cost_unit": table.cost_unit,
        "models_ascending_cost": table.models,
        "alpha": table.alpha,
        "source": table.source,
        "licence": table.licence,
        "synthetic": table.synthetic,
    }
    path.with_suffix(".json").write_text(json.dumps(sidecar), encoding="utf-8")


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables())
def test_any_valid_table_survives_parquet_and_sidecar(table: OutcomeTable, tmp_path: Path) -> None:
    write_native(table, tmp_path / "any.parquet")
    read = read_outcomes(tmp_path / "any.parquet").table
    assert read.digest == table.digest
    assert (read.name, read.prompt_ids, read.alpha) == (table.name, table.prompt_ids, table.alpha)
    assert (read.source, read.licence, read.synthetic) == (
        table.source,
        table.licence,
        table.synthetic,
    )
    if table.latency_s is None or np.isnan(table.latency_s).all():
        assert read.latency_s is None
    else:
        assert read.latency_s is not None
        np.testing.assert_array_equal(read.latency_s, table.latency_s)


@pytest.mark.shared_data
class TestRecordedOutcomes:
    """On the data sets beside the checkout, which are measured on, and not shipped."""

    def test_the_authors_streams_cost_and_score_what_their_sidecar_says(
        self, shared_data: Path
    ) -> None:
        result = read_outcomes(shared_data / "messplus_llama3.parquet")
        sidecar = json.loads((shared_data / "messplus_llama3.json").read_text(encoding="utf-8"))
        assert result.warnings == ()
        assert result.table.n_requests == sidecar["prompts"]
        for task in result.table.task_names:
            stream = result.table.of_task(task)
            assert stream.alpha == sidecar["alpha"][task]
            for m, model in enumerate(stream.models):
                total = stream.cost[:, m].sum() / 1e6
                assert round(total, 3) == round(sidecar["total_cost_MJ"][task][model], 3)
                mean = stream.score[:, m].mean()
                assert round(mean, 4) == sidecar["mean_score"][task][model]

    def test_every_set_reads_without_a_problem(self, shared_data: Path) -> None:
        for path in sorted(shared_data.glob("*.parquet")):
            sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            result = read_outcomes(path)
            assert result.warnings == (), path.name
            assert result.table.n_requests == sidecar["prompts"]
            assert list(result.table.models) == sidecar["models_ascending_cost"]


def test_the_example_in_the_reference_reads_as_it_says(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "outcome-tables.md"
    text = page.read_text(encoding="utf-8")
    for kind in ("csv", "json"):
        block = text.split(f"```{kind} tickets.{kind}\n")[1].split("```")[0]
        (tmp_path / f"tickets.{kind}").write_text(block, encoding="utf-8")
    result = read_outcomes(tmp_path / "tickets.csv")
    assert result.warnings == ()
    assert (result.table.models, result.table.alpha) == (("small", "large"), 0.75)
    assert result.table.name == "support tickets, May"
    broken = (tmp_path / "tickets.csv").read_text(encoding="utf-8")
    broken = broken.replace('invoices.",0,', 'invoices.",100,').replace("0.00140", "")
    (tmp_path / "tickets.csv").write_text(broken, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_outcomes(tmp_path / "tickets.csv")
    shown = text.split("```\ntickets.csv breaks")[1].split("```")[0].strip()
    assert str(caught.value).endswith(shown)
