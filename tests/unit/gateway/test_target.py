from typing import Any

import pytest

from messplus.gateway.access import Caller
from messplus.gateway.body import Asked, asked_of_chat
from messplus.gateway.config.settings import Settings
from messplus.gateway.errors import ApiError
from messplus.gateway.target import ToModel, ToRoute, resolve

SETTINGS = Settings.model_validate(
    {
        "providers": {"local": {"base_url": "http://127.0.0.1:1/v1"}},
        "models": {name: {"provider": "local"} for name in ("small", "large", "other")},
        "routes": {
            "chat": {"alpha": 0.9, "models": ["small", "large"]},
            "code": {"alpha": 0.8, "models": ["large", "other"]},
        },
    }
)
ANYBODY = Caller(name="anybody")
TEAM = Caller(name="team", routes=("code",), alpha=0.7)


def asked(model: str, **own: Any) -> Asked:  # noqa: ANN401  # JSON
    return asked_of_chat(
        {"model": model, "messages": [{"role": "user", "content": "hi"}], "messplus": own}
    )


def to_route(request: Asked, caller: Caller = ANYBODY, **headers: str) -> ToRoute:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    target = resolve(SETTINGS, request, given, caller)
    assert isinstance(target, ToRoute)
    return target


def test_auto_is_the_first_route_that_the_caller_may_use() -> None:
    assert to_route(asked("auto")).route == "chat"
    assert to_route(asked("auto"), TEAM).route == "code"


def test_a_route_is_asked_for_by_its_name_with_or_without_an_alpha() -> None:
    assert to_route(asked("code")) == ToRoute("code", None, frozenset(), None)
    assert to_route(asked("code@0.95")).alpha == 0.95
    assert to_route(asked("auto@0.5")) == ToRoute("chat", 0.5, frozenset(), None)


def test_a_model_passes_routing_by() -> None:
    assert resolve(SETTINGS, asked("other"), {}, ANYBODY) == ToModel("other")


def test_the_body_counts_more_than_headers_and_these_more_than_the_name() -> None:
    assert to_route(asked("chat@0.5"), x_messplus_alpha="0.6").alpha == 0.6
    assert to_route(asked("chat@0.5", alpha=0.8), x_messplus_alpha="0.6").alpha == 0.8
    assert to_route(asked("auto"), x_messplus_route="code").route == "code"
    assert to_route(asked("auto", route="chat"), x_messplus_route="code").route == "chat"


def test_a_key_has_its_own_promise_unless_the_request_names_one() -> None:
    assert to_route(asked("auto"), TEAM).alpha == 0.7
    assert to_route(asked("code@0.9"), TEAM).alpha == 0.9


def test_alphas_share_few_queues() -> None:
    assert to_route(asked("chat", alpha=0.90312)).alpha == 0.9


@pytest.mark.parametrize("alpha", [0, -1, 1.5, "much", True, [], 0.004, float("nan")])
def test_an_alpha_out_of_range_is_refused(alpha: object) -> None:
    with pytest.raises(ApiError) as refused:
        resolve(SETTINGS, asked("chat", alpha=alpha), {}, ANYBODY)
    assert (refused.value.status, refused.value.code) == (400, "invalid_alpha")


def test_models_are_excluded_by_body_or_header() -> None:
    assert to_route(asked("auto", exclude=["large"])).excluded == {"large"}
    assert to_route(asked("auto"), x_messplus_exclude="large, small").excluded == {"large", "small"}
    with pytest.raises(ApiError, match="did you mean 'large'"):
        to_route(asked("auto", exclude=["larg"]))


@pytest.mark.parametrize(
    "name",
    ["x-messplus-session-id", "x-session-id", "x-conversation-id", "x-openwebui-chat-id"],
)
def test_sessions_are_found_by_the_names_that_clients_use(name: str) -> None:
    target = resolve(SETTINGS, asked("auto"), {name: "s1"}, ANYBODY)
    assert isinstance(target, ToRoute)
    assert target.session == "s1"


def test_a_session_in_the_body_counts_first_and_a_user_is_none() -> None:
    assert to_route(asked("auto", session_id="own"), x_session_id="other").session == "own"
    body = {"model": "auto", "user": "u", "messages": [{"role": "user", "content": "hi"}]}
    assert to_route(asked_of_chat(body)).session is None
    assert to_route(asked_of_chat({**body, "metadata": {"session_id": "m"}})).session == "m"


@pytest.mark.parametrize("model", ["chart", "chat/x", "small@0.5", "@0.5", "gpt-9"])
def test_what_is_not_there_is_404(model: str) -> None:
    with pytest.raises(ApiError) as refused:
        resolve(SETTINGS, asked(model), {}, ANYBODY)
    assert (refused.value.status, refused.value.code) == (404, "model_not_found")


def test_a_key_sees_its_own_routes_and_their_models_only() -> None:
    assert resolve(SETTINGS, asked("large"), {}, TEAM) == ToModel("large")
    for model in ("chat", "small"):
        with pytest.raises(ApiError) as refused:
            resolve(SETTINGS, asked(model), {}, TEAM)
        assert refused.value.status == 404


def test_a_field_of_ours_that_is_unknown_is_refused_with_the_nearest() -> None:
    with pytest.raises(ApiError, match="did you mean 'alpha'"):
        resolve(SETTINGS, asked("auto", alhpa=0.9), {}, ANYBODY)
