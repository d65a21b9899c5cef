"""Archives are read in memory, within bounds, and never unpacked."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from messplus.datasets.archives import members
from messplus.errors import DataError


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


Pack = Callable[[Path, Mapping[str, bytes]], Path]
PACK = [(zipped, "a.zip"), (tarred, "a.tar.gz")]
FILES = {
    "b/x.csv": b"1",
    "a/y.csv": b"22",
    "a/._y.csv": b"no",
    "__MACOSX/z.csv": b"no",
    "t.txt": b"no",
}


@pytest.mark.parametrize(("pack", "name"), PACK)
class TestBoth:
    def test_wanted_files_in_order(self, pack: Pack, name: str, tmp_path: Path) -> None:
        path = pack(tmp_path / name, FILES)
        assert list(members(path, ".csv")) == [("a/y.csv", b"22"), ("b/x.csv", b"1")]

    def test_a_path_out_of_the_folder_is_only_a_name(
        self, pack: Pack, name: str, tmp_path: Path
    ) -> None:
        (tmp_path / "in").mkdir()
        path = pack(tmp_path / "in" / name, {"../../evil.csv": b"1"})
        assert [content for _, content in members(path, ".csv")] == [b"1"]
        assert {entry.name for entry in tmp_path.rglob("*")} == {"in", name}

    def test_a_bomb_is_refused(self, pack: Pack, name: str, tmp_path: Path) -> None:
        path = pack(tmp_path / name, {"ignored.txt": bytes(10_000), "x.csv": b"1"})
        with pytest.raises(DataError, match=r"at most .* 5,000 bytes are read"):
            list(members(path, ".csv", max_bytes=5_000))

    def test_cut(self, pack: Pack, name: str, tmp_path: Path) -> None:
        path = pack(tmp_path / name, {"x.csv": bytes(range(256)) * 50})
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(DataError, match="cut or damaged"):
            list(members(path, ".csv"))

    def test_nothing_wanted_in_it(self, pack: Pack, name: str, tmp_path: Path) -> None:
        path = pack(tmp_path / name, {"t.txt": b"no"})
        with pytest.raises(DataError, match=r"no \.csv file in it"):
            list(members(path, ".csv"))


def test_links_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("x.csv")
        link.type = tarfile.SYMTYPE
        link.linkname = str(tmp_path / "secret.csv")
        archive.addfile(link)
    with pytest.raises(DataError, match=r"no \.csv file in it"):
        list(members(tmp_path / "a.tar", ".csv"))


def test_a_zip_that_lies_about_its_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"x.csv": bytes(5_000)})
    said = (5_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(said, (50).to_bytes(4, "little")))
    with pytest.raises(DataError, match="cut or damaged"):
        list(members(path, ".csv"))
