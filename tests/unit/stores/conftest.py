"""A log on disk."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from messplus.stores import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as store:
        yield store
