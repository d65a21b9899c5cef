"""A demo on local models; here each is a playback of its own recording, at its own port."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from messplus.demo.live import live_script, live_zoo, of_models
from messplus.demo.recording import shipped_recording
from messplus.errors import DemoError, SettingError, ZooError
from messplus.zoo.serve import zoo_folder
from messplus.zoo.state import ProcessMark, Served, State

RECORDING = shipped_recording()
SMALL, MIDDLE, LARGE = RECORDING.outcomes.models


def put_up(cache: Path, *names: str) -> None:
    """Write the state of a zoo that this process keeps up."""
    mark = ProcessMark.of(os.getpid())
    assert mark is not None
    served = tuple(
        Served(name=name, port=8101 + n, input_usd_per_mtok=0.1, output_usd_per_mtok=0.2)
        for n, name in enumerate(names)
    )
    State(supervisor=mark, served=served).write(zoo_folder(cache))


def test_the_models_that_are_up_are_asked(tmp_path: Path) -> None:
    put_up(tmp_path, SMALL, LARGE)
    small, large = live_zoo(tmp_path)
    assert (small.name, large.name) == (SMALL, LARGE)
    assert [urlsplit(model.base_url).port for model in (small, large)] == [8101, 8102]
    assert small.price.output_usd_per_mtok == 0.2


@pytest.mark.parametrize("names", [(), (LARGE,)])
def test_without_a_zoo_the_commands_are_named(tmp_path: Path, names: tuple[str, ...]) -> None:
    if names:
        put_up(tmp_path, *names)
    with pytest.raises(ZooError, match="messplus zoo up --pull"):
        live_zoo(tmp_path)


def test_outcomes_of_the_models_that_are_up_are_compared_with() -> None:
    found = of_models(RECORDING.outcomes, [LARGE, SMALL])
    assert found.models == (SMALL, LARGE)
    assert (found.score == RECORDING.outcomes.score[:, [0, 2]]).all()
    assert (found.cost == RECORDING.outcomes.cost[:, [0, 2]]).all()


def test_a_model_that_was_never_recorded_is_refused() -> None:
    with pytest.raises(DemoError, match="nothing is recorded of huge"):
        of_models(RECORDING.outcomes, [SMALL, "huge"])


def test_answers_are_graded_as_the_recorded_ones_were() -> None:
    pytest.importorskip("reasoning_gym")
    script = live_script(RECORDING.outcomes, requests=120, seed=1)
    assert script.outcomes.n_requests == 120
    for row, question in enumerate(script.questions):
        for m, model in enumerate(RECORDING.outcomes.models):
            recorded = RECORDING.answers[question.prompt, model]
            assert question.grade(model, recorded.text) == script.outcomes.score[row, m]
        assert question.max_tokens is not None


def test_more_than_there_is_cannot_be_asked() -> None:
    pytest.importorskip("reasoning_gym")
    with pytest.raises(SettingError, match="requests must be"):
        live_script(RECORDING.outcomes, requests=9999, seed=0)
