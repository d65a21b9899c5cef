"""Any valid table survives being written and read."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers import read_outcomes

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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
