"""A store by its address."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.stores.samples import decided

from messplus.errors import SettingError, StoreError
from messplus.stores import MemoryStore, SqliteStore, open_store, open_to_read


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:log.db", "log.db"),
        ("sqlite:deep/er/log.db", "deep/er/log.db"),
        ("sqlite:///log.db", "log.db"),
        ("sqlite:///my%20log.db", "my log.db"),
        ("sqlite:my log?mode=memory#1.db", "my log?mode=memory#1.db"),
        ("sqlite:~/log.db", "log.db"),
    ],
)
def test_a_file_from_here(url: str, path: str, folder: Path) -> None:
    with closing(open_store(url)) as store:
        assert isinstance(store, SqliteStore)
        assert store.path == folder / path
        assert store.path.stat().st_size


@pytest.mark.parametrize("prefix", ["sqlite:", "sqlite:///"])
def test_a_file_from_the_root(prefix: str, folder: Path) -> None:
    with closing(open_store(f"{prefix}{folder}/log.db")) as store:
        assert isinstance(store, SqliteStore)
        assert store.path == folder / "log.db"


@pytest.mark.parametrize("url", ["memory:", "memory://"])
def test_memory(url: str) -> None:
    assert isinstance(open_store(url), MemoryStore)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("log.db", "a store reads sqlite:PATH or memory:, got 'log.db'"),
        ("sqlite:", "which file"),
        ("sqlite://", "sqlite has no host"),
        ("sqlite:///", "which file"),
        ("sqlite://log.db", "sqlite has no host"),
        ("memory:here", "memory: has no path"),
        ("sqlit:log.db", "unknown kind of store 'sqlit'; did you mean 'sqlite'?"),
        ("postgresql://me:secret@there/db?schema=A%20b", "schema must be lower-case letters"),
    ],
)
def test_an_address_that_leads_nowhere_says_why(url: str, message: str) -> None:
    with pytest.raises(SettingError) as raised:
        open_store(url)
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_database_that_is_not_there_is_named_without_its_password(folder: Path) -> None:
    with pytest.raises(StoreError) as raised:
        open_store("postgresql://me:secret@127.0.0.1:9/law")
    assert "127.0.0.1/law (schema messplus)" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_folder_is_no_file(folder: Path) -> None:
    with pytest.raises(StoreError, match="could not be opened"):
        open_store(f"sqlite:{folder}")


def test_a_folder_below_a_file_cannot_be_made(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:{folder}/file/log.db")


def test_a_log_can_be_read_while_another_writes_it(store: SqliteStore, path: Path) -> None:
    for address in (str(path), f"sqlite:{path}"):
        with closing(open_to_read(address)) as reader:
            before = len(list(reader.events()))
            store.append([decided(address)]).result()
            assert len(list(reader.events())) == before + 1
            assert reader.story(address) is not None


def test_what_is_no_log_cannot_be_read(path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no log at .*log\.db"):
        open_to_read(str(path))
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match=r"log\.db: the file is damaged"):
        open_to_read(str(path))
    path.unlink()
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE customers (name)")
    with pytest.raises(StoreError, match=r"log\.db: the file is not a log of messplus"):
        open_to_read(str(path))
    with pytest.raises(SettingError, match="memory: cannot be read from another program"):
        open_to_read("memory:")


@pytest.mark.parametrize(("version", "message"), [(2, "by an older messplus"), (99, "update")])
def test_another_version_is_not_read(path: Path, version: int, message: str) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreError, match=message):
        open_to_read(str(path))
