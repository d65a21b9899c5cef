"""Recorded tables, and the example of the reference, read as they are described."""

import json
from pathlib import Path

import pytest

from messplus.errors import DataError
from messplus.replay.readers import read_outcomes


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
