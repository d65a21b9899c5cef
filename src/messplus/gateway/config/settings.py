"""The settings of a gateway, as its YAML file has them.

Every section is a frozen record that refuses unknown keys. docs/reference/configuration.md lists all of
them with their defaults and ranges.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

Alpha = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")]
"""Of models, routes, keys. No `@`: it parts a route from an alpha."""

NO_ROUTE = "auto"
"""The name by which clients ask for the default route; no model or route may have it."""


class Section(BaseModel):
    """A part of the file: unknown keys are errors, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where the gateway listens, and how much it takes.

    Attributes:
        host: Address to bind; other machines reach only what is bound to theirs.
        port: 0 picks a free one.
        workers: Processes that answer; more than one share a `postgresql:` store.
        max_body_mb: Largest request body.
        max_requests: Requests under way at once; more are refused with 503.
        drain_s: Longest time that requests under way get when the gateway is ended.
        cors_origins: Web pages that may call it from a browser, such as `https://chat.example.org`.
        keep_prompts: Whether prompts are written to the log.
        expose_metrics: Whether /metrics can be read without a key where keys are configured.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 4000
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    max_body_mb: Annotated[float, Field(gt=0, le=1024)] = 20.0
    max_requests: Annotated[int, Field(ge=1, le=100_000)] = 1000
    drain_s: Seconds = 30.0
    cors_origins: tuple[str, ...] = ()
    keep_prompts: bool = False
    expose_metrics: bool = True


class Provider(Section):
    """An HTTP endpoint that serves models.

    Attributes:
        base_url: Such as `http://127.0.0.1:8000/v1`.
        api: What it speaks: OpenAI's API, or Anthropic's Messages API.
        api_key: Sent as the API wants it; never logged, never shown.
        headers: Sent with every call.
        connect_timeout_s: Longest time until a connection stands.
        first_byte_timeout_s: Longest time from then until the answer begins.
        timeout_s: Longest time for one attempt, to the answer's end.
        retries: Further attempts where one failed before its answer began.
        max_connections: Connections to the endpoint at once.
    """

    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
    api: Literal["openai", "anthropic"] = "openai"
    api_key: SecretStr | None = None
    headers: dict[str, str] = {}
    connect_timeout_s: Seconds = 5.0
    first_byte_timeout_s: Seconds = 120.0
    timeout_s: Seconds = 600.0
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 1000


class Cost(Section):
    """What a model's tokens cost, in USD per million.

    Attributes:
        input_per_mtok: Of the prompt.
        output_per_mtok: Of the answer.
        cached_input_per_mtok: Of the part of the prompt that the provider had in its cache; None: as
            the rest of the prompt.
    """

    input_per_mtok: Price = 0.0
    output_per_mtok: Price = 0.0
    cached_input_per_mtok: Price | None = None


class Model(Section):
    """One model of the zoo.

    Attributes:
        provider: Which endpoint serves it, one of `providers`.
        model: What that endpoint calls it; None: as it is called here.
        cost: Prices of its tokens.
        energy_j_per_token: Joules per output token, where `cost: joule`.
        concurrency: Calls under way at once; a model at its limit is passed over. None: no limit.
        context_tokens: Longest prompt and answer together; longer requests pass it over. None: no limit.
        tools: Whether it can be given tools.
        vision: Whether it can be given images.
        structured_output: Whether it can be held to a JSON schema.
        parameters: Fields added to every request body that goes to it.
    """

    provider: str
    model: str | None = None
    cost: Cost = Cost()
    energy_j_per_token: Price = 0.0
    concurrency: Annotated[int, Field(ge=1, le=100_000)] | None = None
    context_tokens: Annotated[int, Field(ge=1)] | None = None
    tools: bool = True
    vision: bool = True
    structured_output: bool = True
    parameters: dict[str, JsonValue] = {}


class Check(Section):
    """Looks at every finished answer of a route, by rule.

    Attributes:
        kind: `not_empty`, `finished` (not cut off at max_tokens, not filtered), `regex` (must be found
            in the answer), `json` (the answer is JSON), `json_schema` (and is valid by it).
        pattern: Of `regex`.
        json_schema: Of `json_schema`; None: the one of the request's `response_format`, where it has one.
        decides: `failure`: an answer that fails is not satisfactory, one that passes may be or not.
            `always`: passing is what satisfaction means on this route.
    """

    kind: Literal["not_empty", "finished", "regex", "json", "json_schema"]
    pattern: str | None = None
    json_schema: dict[str, JsonValue] | None = None
    decides: Literal["failure", "always"] = "failure"

    @model_validator(mode="after")
    def _only_what_it_uses(self) -> Self:
        if (self.kind == "regex") != (self.pattern is not None):
            raise ValueError("`pattern` belongs to `kind: regex`, which needs one")
        if self.json_schema is not None and self.kind != "json_schema":
            raise ValueError("`json_schema` belongs to `kind: json_schema`")
        return self


class Judge(Section):
    """A model that gives its opinion on a share of the answers, after they were delivered.

    Attributes:
        model: Which one, of `models`.
        share: Of answers that it judges, drawn at random.
        trust: `opinion`: it may be wrong or biased, and is corrected by audits. `audit`: its word is
            taken for the truth.
        instructions: What makes an answer satisfactory on this route, in words; None: a general text.
        max_waiting: Answers that wait for it at most; further ones are not judged.
    """

    model: str
    share: Share = 0.05
    trust: Literal["opinion", "audit"] = "opinion"
    instructions: str | None = None
    max_waiting: Annotated[int, Field(ge=1, le=100_000)] = 1000


class Route(Section):
    """A promise over a zoo.

    Attributes:
        alpha: Promised share of satisfied requests.
        models: Which may answer; None: all.
        sticky_s: A session stays with its model until it is idle for so long; 0: it does not stay.
        spread: Share of requests that go to a model drawn at random, so that the log can tell what
            other policies would have cost; each is charged to the promise. 0: none.
        checks: Rules for every answer.
        judge: Who gives an opinion on some.
    """

    alpha: Alpha
    models: tuple[str, ...] | None = None
    sticky_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    spread: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    checks: tuple[Check, ...] = ()
    judge: Judge | None = None


class Key(Section):
    """Who may call.

    Attributes:
        name: Of the key, for metrics and logs.
        key: The secret that clients send as a bearer token.
        routes: Which it may use; None: all. The first is its default route.
        alpha: Its promise, in place of the route's.
        rpm: Requests per minute; None: no limit.
        budget_usd_per_day: What its requests may cost from midnight to midnight UTC; None: no limit.
        admin: Whether it may reload, look at all decisions, and rate others' answers.
    """

    name: Name
    key: SecretStr
    routes: tuple[str, ...] | None = None
    alpha: Alpha | None = None
    rpm: Annotated[int, Field(ge=1)] | None = None
    budget_usd_per_day: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    admin: bool = False


class FeaturesOf(Section):
    """What the router sees of a request.

    Attributes:
        encoder: A spec of docs/reference/encoders.md, such as `hashed` or `sentence`.
        attributes: Fields of a request's `metadata` (or of the header x-messplus-attributes) that tell
            requests apart, such as `task`; `route` is the route's name and `client` the key's.
    """

    encoder: str = "hashed"
    attributes: tuple[str, ...] = ("route", "task")


class Sharing(Section):
    """How gateways share one `postgresql:` store; with any other store it has no effect.

    Attributes:
        publish_every_s: Time between two versions of what was learned, by the one that learns.
        refresh_every_s: Time between two looks of each gateway at what others have done.
        spool: Folder on local disk where events wait while the database is away; each process has a
            file of its own there.
        spool_mb: Room for them; beyond it events are refused, as with a full disk.
    """

    publish_every_s: Seconds = 1.0
    refresh_every_s: Seconds = 0.25
    spool: str = "messplus-spool"
    spool_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 1024


class Tracing(Section):
    """Where spans of requests are sent, by OTLP over HTTP; the extra `otel` sends them.

    Attributes:
        endpoint: Such as `http://collector:4318`; None: as OTEL_EXPORTER_OTLP_ENDPOINT says.
        share: Of requests that are traced, where the caller has not decided that already.
        service: What the gateway is called in a trace.
    """

    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None
    share: Share = 1.0
    service: Name = "messplus"


class Settings(Section):
    """The whole file.

    Attributes:
        version: Of this format.
        cost: What is kept low: USD, or joules.
        server: Where the gateway listens.
        providers: Endpoints by name.
        models: The zoo by name.
        routes: Promises by name; the first is the default.
        keys: Who may call; none: anybody who reaches the port.
        features: What the router sees of a request.
        prior: A file by `messplus fit` to start from; None: start cold.
        store: Where events are kept: `sqlite:///PATH`, `memory:`, or `postgresql://...` for many gateways.
        sharing: How gateways share a `postgresql:` store.
        retention_days: How long; None: for ever.
        tracing: Where spans of requests go; None: nowhere, unless OTEL_EXPORTER_OTLP_ENDPOINT is set.
    """

    version: Literal[1] = 1
    cost: Literal["usd", "joule"] = "usd"
    server: Server = Server()
    providers: Annotated[dict[Name, Provider], Field(min_length=1)]
    models: Annotated[dict[Name, Model], Field(min_length=1)]
    routes: Annotated[dict[Name, Route], Field(min_length=1)]
    keys: tuple[Key, ...] = ()
    features: FeaturesOf = FeaturesOf()
    prior: str | None = None
    store: str = "sqlite:///messplus.db"
    sharing: Sharing = Sharing()
    retention_days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    tracing: Tracing | None = None
