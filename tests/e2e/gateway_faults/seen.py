"""What a client sees of a fault, and what the gateway's own books say of it."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from tests.e2e.gateway.http import Http, Json, Reply
from tests.e2e.gateway_faults import wire
from tests.e2e.gateway_faults.faults import KEY, PASSWORD, Fault

from messplus.gateway.config.settings import Settings
from messplus.gateway.serve import serving

ALPHA = 0.8
MOST_TRIES = 50
"""The router may ask the model that is well first; so many gateways are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of one request to a faulty model.

    Attributes:
        reply: The answer.
        code: Of the error; "" where there is none.
        text: Of the answer, as far as it came.
        broken: Whether a stream ended with an error.
        calls: To the faulty model.
        logged: Whether the log has an outcome of the faulty model.
        error: The kind of error that it has there; "" for none.
        cost: Of all calls, by the log.
        debt: Of the promise afterwards: satisfied requests that it owes.
        circuit: Of the faulty model: its state.
        failures: In a row, as its circuit counts them.
        said: Everything that any answer held, headers too: to the request, and to questions about it.
    """

    reply: Reply
    code: str
    text: str
    broken: bool
    calls: int
    logged: bool
    error: str
    cost: float
    debt: float
    circuit: str
    failures: int
    said: bytes

    @property
    def status(self) -> int:
        """Of HTTP, as the client got it."""
        return self.reply.status

    @property
    def model(self) -> str:
        """Who answered; "" if nobody did."""
        return self.reply.headers.get("x-messplus-model", "")


def see(fault: Fault, *, stream: bool, rescue: bool) -> Seen:
    """Send one request of which the faulty model is asked first.

    Args:
        fault: Its.
        stream: Whether a stream is asked for.
        rescue: Whether there is another model, which is well.
    """
    for _ in range(MOST_TRIES):
        with (
            _placed(fault) as (port, served),
            serving(_settings(port, served.port, fault, rescue)) as address,
            closing(Http(address)) as http,
        ):
            if seen := _seen(http, served, stream):
                return seen
    raise AssertionError(f"of {MOST_TRIES} gateways none asked the faulty model first")


@contextmanager
def _placed(fault: Fault) -> Iterator[tuple[int, wire.Wire]]:
    """The port of the faulty model, and the upstream of both."""
    with wire.upstream(fault.answer) as served:
        match fault.place:
            case "served":
                yield served.port, served
            case "nobody":
                with wire.nobody() as port:
                    yield port, served
            case "no room":
                with wire.no_room() as port:
                    yield port, served


def _settings(port: int, well: int, fault: Fault, rescue: bool) -> Settings:
    def provider(port: int, limits: Mapping[str, float]) -> Json:
        address = f"http://somebody:{PASSWORD}@127.0.0.1:{port}/v1"
        return {"base_url": address, "api_key": KEY, "retries": 1, **limits}

    def model(name: str, usd: float) -> Json:
        return {"provider": name, "cost": {"input_per_mtok": usd, "output_per_mtok": 2 * usd}}

    others = {"well": model("well", 10.0)} if rescue else {}
    return Settings.model_validate(
        {
            "server": {"port": 0, "drain_s": 1},
            "providers": {"faulty": provider(port, fault.limits), "well": provider(well, {})},
            "models": {"faulty": model("faulty", 1.0), **others},
            "routes": {"chat": {"alpha": ALPHA}},
            "store": "memory:",
        }
    )


def _seen(http: Http, served: wire.Wire, stream: bool) -> Seen | None:
    """None: the faulty model was not asked first."""
    reply = http.chat("A question", stream=stream)
    explained = http.get(f"/v1/decisions/{reply.name}")
    if explained.json["model"] != "faulty":
        return None
    upstreams = http.get("/admin/upstreams")
    (health,) = [one for one in upstreams.json["data"] if one["model"] == "faulty"]
    outcomes = [one for one in explained.json["outcomes"] if one["model"] == "faulty"]
    further = [http.get(path) for path in ("/v1/routes", "/health/readiness", "/metrics")]
    code, text, broken = _read_stream(reply) if stream and reply.status == 200 else _read(reply)
    return Seen(
        reply=reply,
        code=code,
        text=text,
        broken=broken,
        calls=served.asked.get("faulty", 0) or health["failures_in_a_row"],
        logged=bool(outcomes),
        error=(outcomes[0]["error"] or "").partition(":")[0] if outcomes else "",
        cost=sum(one["cost"] for one in explained.json["outcomes"]),
        debt=_debt(http),
        circuit=health["circuit"],
        failures=health["failures_in_a_row"],
        said=b"".join(map(_bytes, (reply, explained, upstreams, *further))),
    )


def _debt(http: Http) -> float:
    (route,) = http.get("/v1/routes").json["data"]
    return float(route["debt"])


def _read(reply: Reply) -> tuple[str, str, bool]:
    """Code of the error, and text of the answer."""
    if reply.status != 200:
        return str(reply.json["error"].get("code") or ""), "", False
    return "", _content(reply.json, "message"), False


def _read_stream(reply: Reply) -> tuple[str, str, bool]:
    """Code of the error, text of the answer, and whether there was an error."""
    text, code, broken = "", "", False
    for line in reply.body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        try:
            event = orjson.loads(line.removeprefix(b"data: "))
        except orjson.JSONDecodeError:
            continue  # of the upstream, passed on as it is
        if "error" in event:
            code, broken = str(event["error"].get("code") or "error"), True
        text += _content(event, "delta")
    return code, text, broken


def _content(body: Json, name: str) -> str:
    choices: list[dict[str, Any]] = body.get("choices") or [{}]
    return str(choices[0].get(name, {}).get("content") or "")


def _bytes(reply: Reply) -> bytes:
    return repr(sorted(reply.headers.items())).encode() + b"\n" + reply.body + b"\n"
