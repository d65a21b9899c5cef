import subprocess
import sys

import pytest

from messplus.encoders import HashedNgrams, encoder_from_spec
from messplus.errors import MissingExtraError, SettingError


def test_a_name_gives_the_defaults() -> None:
    assert encoder_from_spec("hashed") == HashedNgrams()


def test_options_set_the_fields() -> None:
    assert encoder_from_spec("hashed:dims=128,ngrams=2") == HashedNgrams(dims=128, ngrams=2)


def test_an_unknown_name_is_told_the_closest() -> None:
    with pytest.raises(SettingError, match="did you mean 'hashed'"):
        encoder_from_spec("hashd")


@pytest.mark.parametrize("spec", ["hashed:width=3", "hashed:dims=wide", "hashed:dims=0"])
def test_a_wrong_option_is_refused(spec: str) -> None:
    with pytest.raises(SettingError):
        encoder_from_spec(spec)


@pytest.mark.parametrize(
    ("spec", "extra"),
    [
        ("static", "encoders"),
        ("sentence:path=folder", "encoders"),
        ("endpoint:base_url=http://localhost,model=m", "encoders"),
        ("modernbert", "torch"),
    ],
)
def test_a_missing_extra_is_named(spec: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messplus.errors.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'messplus\[{extra}\]'"):
        encoder_from_spec(spec)


def test_importing_the_package_imports_no_extra() -> None:
    code = (
        "import sys, messplus.encoders;"
        "extras = {'torch', 'transformers', 'onnxruntime', 'tokenizers', 'urllib3', 'wordllama'};"
        "print(sorted(extras & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
