"""The upstream of the demo, as a client of OpenAI's meets it."""

from collections.abc import Iterator

import openai
import pytest
from tests.unit.demo.recordings import recording

from messplus.demo.playback import playing
from messplus.demo.recording import shipped_recording
from messplus.errors import SettingError

ASKED = "How much is 6 + 1?"


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with (
        playing(recording(), speed=1e3) as url,
        openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client,
    ):
        yield client


def test_it_says_what_was_recorded(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="large", messages=[{"role": "user", "content": ASKED}]
    )
    assert answer.choices[0].message.content == "7"
    assert answer.model == "large"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 2)


def test_it_streams_the_same_words_and_the_usage_if_asked(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model="small",
        messages=[{"role": "user", "content": "How much is 7 + 1?"}],
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        chunks = list(stream)
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == "I do not know"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 2


def test_parts_of_text_are_one_prompt(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="large",
        messages=[{"role": "user", "content": [{"type": "text", "text": ASKED}]}],
    )
    assert answer.choices[0].message.content == "7"


def test_it_lists_its_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["small", "large"]


def test_what_was_not_recorded_is_not_made_up(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="only plays back recorded answers"):
        client.chat.completions.create(
            model="large", messages=[{"role": "user", "content": "Who are you?"}]
        )
    with pytest.raises(openai.NotFoundError, match="no recording of 'huge', only of small, large"):
        client.chat.completions.create(model="huge", messages=[{"role": "user", "content": ASKED}])


def test_a_body_that_asks_nothing_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="model and messages are needed"):
        client.chat.completions.create(model="large", messages=[])


def test_time_does_not_stand_still() -> None:
    with (
        pytest.raises(SettingError, match="speed must be above 0, got 0"),
        playing(recording(), speed=0),
    ):
        pass


def test_the_recording_that_ships_agrees_with_its_table() -> None:
    shipped = shipped_recording()
    table = shipped.outcomes
    assert len(shipped.answers) == table.n_requests * table.n_models
    for row in range(0, table.n_requests, 100):
        for m, model in enumerate(table.models):
            recorded = shipped.answers[table.prompts[row], model]
            price = shipped.prices[model]
            spent = (
                recorded.prompt_tokens * price.input_usd_per_mtok
                + recorded.output_tokens * price.output_usd_per_mtok
            ) / 1e6
            assert recorded.score == table.score[row, m]
            assert spent == pytest.approx(table.cost[row, m])
