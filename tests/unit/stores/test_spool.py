"""Files of events that wait, when many processes begin at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

pytest.importorskip("asyncpg", reason="the extra postgres is not installed")

from messplus.stores.postgres.spool import open_spool


@pytest.mark.parametrize("left", [0, 3])
def test_many_that_begin_at_once_get_a_file_each(tmp_path: Path, left: int) -> None:
    many, rounds = 8, 20
    together = Barrier(many, timeout=30)

    def begin(folder: Path) -> Path:
        together.wait()
        own, others = open_spool(folder, 1 << 20)
        assert others == []
        path = own.path
        together.wait()  # nobody ends before all have begun
        own.close(remove=True)
        return path

    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        for empty in range(left):
            (folder / f"spool-left{empty}.db").touch()
        with ThreadPoolExecutor(many) as threads:
            assert len(set(threads.map(begin, [folder] * many))) == many
        assert list(folder.glob("spool-*.db")) == []


def test_names_come_back(tmp_path: Path) -> None:
    for _ in range(3):
        open_spool(tmp_path, 1 << 20)[0].close(remove=True)
    assert len(list(tmp_path.iterdir())) == 1
