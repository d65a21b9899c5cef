from typing import Any

import pytest

from messplus.gateway.body import Asked, asked_of_chat
from messplus.gateway.config.settings import Settings
from messplus.gateway.errors import ApiError
from messplus.gateway.fitness import candidates
from messplus.gateway.target import ToRoute

SETTINGS = Settings.model_validate(
    {
        "providers": {"local": {"base_url": "http://127.0.0.1:1/v1"}},
        "models": {
            "short": {"provider": "local", "context_tokens": 100, "tools": False, "vision": False},
            "plain": {"provider": "local", "context_tokens": 1000, "structured_output": False,
                      "vision": False},
            "any": {"provider": "local", "context_tokens": 2000, "vision": False},
        },
        "routes": {"chat": {"alpha": 0.9}, "small": {"alpha": 0.9, "models": ["short"]}},
    }
)  # fmt: skip


def asked(text: str = "hi", **fields: Any) -> Asked:  # noqa: ANN401  # JSON
    return asked_of_chat(
        {"model": "auto", "messages": [{"role": "user", "content": text}], **fields}
    )


def able(
    request: Asked, *, route: str = "chat", down: str = "", excluded: str = ""
) -> tuple[str, ...]:
    target = ToRoute(route, None, frozenset(excluded.split()), None)
    return candidates(SETTINGS, target, request, lambda name: name not in down.split())


def test_a_plain_request_is_for_all() -> None:
    assert able(asked()) == ("short", "plain", "any")


def test_what_a_request_needs_rules_models_out() -> None:
    assert able(asked(tools=[{}])) == ("plain", "any")
    form = {"type": "json_schema", "json_schema": {"schema": {}}}
    assert able(asked(response_format=form)) == ("short", "any")
    assert able(asked("x" * 800)) == ("plain", "any")
    assert able(asked(max_tokens=1500)) == ("any",)


def test_a_prompt_that_seems_too_long_for_all_is_left_to_the_longest() -> None:
    assert able(asked("x" * 100_000)) == ("any",)


def test_models_that_are_down_or_excluded_are_passed_over() -> None:
    assert able(asked(), down="short", excluded="any") == ("plain",)


@pytest.mark.parametrize(
    ("request_fields", "options", "status", "message"),
    [
        ({}, {"excluded": "short plain any"}, 400, "is excluded"),
        ({"tools": [{}]}, {"route": "small"}, 400, "no model of route small takes tools"),
        ({}, {"down": "short plain any"}, 503, "no model of route chat can be reached"),
    ],
)
def test_where_nobody_can_answer_it_is_said_why(
    request_fields: dict[str, Any], options: dict[str, str], status: int, message: str
) -> None:
    with pytest.raises(ApiError, match=message) as refused:
        able(asked(**request_fields), **options)
    assert refused.value.status == status


def test_images_need_a_model_that_sees() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    body = {"model": "auto", "messages": [{"role": "user", "content": [image]}]}
    with pytest.raises(ApiError, match="takes images"):
        able(asked_of_chat(body))
