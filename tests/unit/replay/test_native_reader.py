"""What a table of one's own may get wrong, and what is said then."""

import json
from pathlib import Path

import polars as pl
import pytest

from messplus.errors import DataError
from messplus.replay.readers import ReadResult, read_outcomes


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
        path = tmp_path / "lists.parquet"
        read_csv_text(tmp_path, GOOD)
        frame = pl.read_csv(tmp_path / "t.csv")
        frame.with_columns(pl.concat_list("prompt")).write_parquet(path)
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
