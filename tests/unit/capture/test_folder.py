"""The folder: what must stay the same stays the same, and one capture at a time is in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from messplus.capture import Question, Request
from messplus.capture.folder import CaptureFolder
from messplus.capture.graders import Exact
from messplus.errors import CaptureError, DataError, SettingError


def source(name: str, size: int) -> Callable[[], list[Question]]:
    return lambda: [
        Question(prompt_id=f"{name}{k}", task=name, prompt=f"{name} {k}", grader=Exact("a"))
        for k in range(size)
    ]


def must_not_be_read() -> Iterator[Question]:
    raise AssertionError("this source is in the plan already")
    yield


def ids(plan: list[Question]) -> list[str]:
    return [one.prompt_id for one in plan]


def test_a_source_in_the_plan_is_not_read_again(tmp_path: Path) -> None:
    folder = CaptureFolder(tmp_path)
    first = folder.begin({"a": source("a", 2), "b": source("b", 2)}, Request())
    assert ids(first) == ["a0", "b0", "a1", "b1"]
    again = CaptureFolder(tmp_path).begin({"a": must_not_be_read, "b": must_not_be_read}, Request())
    assert again == first


def test_new_sources_come_behind_and_are_mixed_among_themselves(tmp_path: Path) -> None:
    folder = CaptureFolder(tmp_path)
    folder.begin({"a": source("a", 2)}, Request())
    more = {"a": must_not_be_read, "b": source("b", 2), "c": source("c", 2)}
    assert ids(folder.begin(more, Request())) == ["a0", "a1", "b0", "c0", "b1", "c1"]


def test_a_crash_between_plan_and_manifest_does_no_harm(tmp_path: Path) -> None:
    folder = CaptureFolder(tmp_path)
    plan = folder.begin({"a": source("a", 2)}, Request())
    (tmp_path / "manifest.json").unlink()
    assert folder.begin({"a": source("a", 2)}, Request()) == plan


def test_requests_must_say_the_same(tmp_path: Path) -> None:
    folder = CaptureFolder(tmp_path)
    folder.begin({"a": source("a", 1)}, Request(seed=1))
    with pytest.raises(CaptureError, match=r"began with .*seed=1.* cannot go on with .*seed=2"):
        folder.begin({"a": source("a", 1)}, Request(seed=2))


def test_joules_must_be_read_the_same_way(tmp_path: Path) -> None:
    folder = CaptureFolder(tmp_path)
    folder.begin({"a": source("a", 1)}, Request())
    assert folder.energy == ""
    folder.begin({"a": source("a", 1)}, Request(), "RAPL")
    folder.begin({"a": source("a", 1)}, Request())  # of what is recorded, no joules are read
    assert folder.energy == "RAPL"
    with pytest.raises(CaptureError, match="joules by 'RAPL' and cannot go on with 'NVML'"):
        folder.begin({"a": source("a", 1)}, Request(), "NVML")


def test_no_questions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no questions to ask"):
        CaptureFolder(tmp_path).begin({"a": source("a", 0)}, Request())
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"request": {"mood": 1}, "sources": []}', "\xff", '{"request": 1}'],
)
def test_a_manifest_that_is_none_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"manifest\.json is not what a capture writes"):
        CaptureFolder(tmp_path).begin({"a": source("a", 1)}, Request())


def test_two_captures_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = CaptureFolder(tmp_path / "new")
    with folder.alone():
        with (
            pytest.raises(CaptureError, match="another capture is at work"),
            CaptureFolder(tmp_path / "new").alone(),
        ):
            raise AssertionError("both are in")
        with CaptureFolder(tmp_path / "other").alone():
            pass
    with folder.alone():
        pass


@pytest.mark.parametrize("name", ["", "manifest"])
def test_a_table_does_not_take_the_place_of_the_manifest(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="name must be anything but 'manifest'"):
        CaptureFolder(tmp_path).table(name)
    assert CaptureFolder(tmp_path).table("capture") == tmp_path / "capture.parquet"
