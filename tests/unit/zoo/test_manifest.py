"""Manifests: the one that ships, and what is said of those that are wrong."""

import itertools
from pathlib import Path

import pytest

from messplus.errors import SettingError
from messplus.zoo.manifest import (
    Address,
    Manifest,
    Packages,
    default_manifest,
    parse_manifest,
    read_manifest,
)

MODEL = f"""
[[models]]
name = "tiny"
publisher = "Ada"
licence = "CC0-1.0"
parameters = 1_000
file = "tiny.gguf"
size_bytes = 30_000
sha256 = "{"AB" * 32}"
context = 64
input_usd_per_mtok = 1
output_usd_per_mtok = 0.5
"""
SOURCES = """sources = [
  { url = "https://models.example/tiny.gguf" },
  { package = "tiny-part{i}", version = "1.0", member = "tiny_part{i}/p{i:03}.bin", parts = 12 },
]
"""


def test_the_zoo_that_ships_is_a_ladder() -> None:
    models = default_manifest().models
    assert [model.name for model in models] == [
        "smollm2-135m",
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
    ]
    for cheap, dear in itertools.pairwise(models):
        assert cheap.parameters < dear.parameters
        assert cheap.size_bytes < dear.size_bytes
        assert cheap.input_usd_per_mtok < dear.input_usd_per_mtok
        assert cheap.output_usd_per_mtok < dear.output_usd_per_mtok
    for model in models:
        publisher, index = model.sources
        assert isinstance(publisher, Address)
        assert publisher.url.startswith("https://")
        assert publisher.url.endswith(f"/{model.file}")
        assert "/resolve/main/" not in publisher.url  # a branch may move
        assert isinstance(index, Packages)


def test_a_manifest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MODEL + SOURCES)
    (model,) = read_manifest(path).models
    assert (model.name, model.context, model.sha256) == ("tiny", 64, "ab" * 32)
    assert (model.input_usd_per_mtok, model.output_usd_per_mtok) == (1.0, 0.5)
    address, packages = model.sources
    assert address == Address("https://models.example/tiny.gguf")
    assert isinstance(packages, Packages)
    assert packages.requirement(3) == "tiny-part3==1.0"
    assert packages.member_of(12) == "tiny_part12/p012.bin"


def test_none_is_the_one_that_ships() -> None:
    assert read_manifest(None) == default_manifest()


def test_models_are_selected_in_the_order_of_the_manifest() -> None:
    manifest = default_manifest()
    assert manifest.select([]) == manifest.models
    names = ["qwen2.5-coder-1.5b", "smollm2-135m"]
    assert [model.name for model in manifest.select(names)] == names[::-1]
    with pytest.raises(SettingError, match="did you mean 'smollm2-135m'"):
        manifest.select(["smollm-135m"])
    assert Manifest(()).select([]) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "tiny"', 'name = "tiny', "mine.toml is not TOML"),
        ("[[models]]", "[[model]]", "did you mean 'models'"),
        (
            "context = 64",
            "contxt = 64",
            "key in mine.toml, model 1: 'contxt'; did you mean 'context'",
        ),
        ("context = 64\n", "", r"model 1 \(tiny\) needs context: a whole number"),
        ("context = 64", "context = 0", "context of 'tiny' must be at least 1, got 0"),
        ("context = 64", 'context = "64"', "context of .* must be a whole number, got '64'"),
        ("context = 64", "context = true", "must be a whole number, got True"),
        ("= 0.5", "= -0.5", "output_usd_per_mtok of 'tiny' must be at least 0"),
        ("= 0.5", "= nan", "output_usd_per_mtok of 'tiny' must be at least 0, got nan"),
        ('"tiny.gguf"', '"../tiny.gguf"', "file of 'tiny' must be a file name without folders"),
        ('"tiny.gguf"', '".ssh"', "file of 'tiny' must be a file name"),
        ('name = "tiny"', 'name = "--all"', "name of '--all' must be letters"),
        ("AB" * 32, "AB" * 31, "sha256 of 'tiny' must be 64 hex digits"),
        ("https:", "ftp:", "must be http"),
        ("url =", "uri =", "did you mean 'url'"),
        ("parts = 12", "parts = 0", "parts of .* must be 1 to 1000, got 0"),
        ('"tiny-part{i}"', '"--index-url=x"', "package of .* must be a name"),
        ('"tiny-part{i}"', '"tiny-part{i.__class__}"', "package of .* must be a name"),
        ('version = "1.0"', 'version = "1.0 --pre"', "version of .* must be a name"),
        ('"tiny_part{i}/p', '"/tiny_part{i}/p', "member of .* must be a name"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = MODEL + SOURCES
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(SettingError, match=message):
        read_manifest(path)


def test_a_model_needs_a_source() -> None:
    with pytest.raises(SettingError, match="needs sources: a list of one table or more"):
        parse_manifest(MODEL + "sources = []", "mine.toml")


def test_two_models_need_two_names_and_files() -> None:
    with pytest.raises(SettingError, match=r"name in mine.toml must be different for every model"):
        parse_manifest((MODEL + SOURCES) * 2, "mine.toml")
    other = (MODEL + SOURCES).replace('"tiny"', '"other"')
    with pytest.raises(SettingError, match=r"file in mine.toml must be different"):
        parse_manifest(MODEL + SOURCES + other, "mine.toml")


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot read the manifest"):
        read_manifest(tmp_path / "none.toml")


def test_the_manifest_in_the_reference_is_one() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "zoo.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    (model,) = parse_manifest(example, "zoo.md").models
    for key in type(model).__dataclass_fields__:
        assert f"`{key}`" in page
