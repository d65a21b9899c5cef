"""Any valid table is written so that replay reads the same."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.property.test_round_trip import tables

from messplus.datasets import write
from messplus.datasets.shipped import shipped_table
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers import read_outcomes


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_any_valid_table(table: OutcomeTable, tmp_path: Path) -> None:
    read = read_outcomes(write.write_table(table, tmp_path, "any", trap="none")).table
    assert read.digest == table.digest
    assert (read.name, read.prompt_ids, read.alpha) == (table.name, table.prompt_ids, table.alpha)
    assert (read.source, read.licence, read.synthetic) == (
        table.source,
        table.licence,
        table.synthetic,
    )
    if table.latency_s is not None and not np.isnan(table.latency_s).all():
        assert read.latency_s is not None
        np.testing.assert_array_equal(read.latency_s, table.latency_s)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("polars.DataFrame.write_parquet", full)
    with pytest.raises(OSError, match="no space"):
        write.write_table(shipped_table().select(range(16)), tmp_path, "any")
    assert list(tmp_path.iterdir()) == []
