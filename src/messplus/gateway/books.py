"""The books: what came of each request is told to the router, to its session, to checks, to metrics."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future

from messplus.errors import StoreError
from messplus.gateway.exchange import Exchange
from messplus.gateway.gateway import Gateway
from messplus.gateway.signals import Answer
from messplus.gateway.telemetry import Ended, log_access
from messplus.gateway.upstreams import Answered, bill
from messplus.records import Outcome

_log = logging.getLogger("messplus.gateway")

GONE = 499
"""Status of a request whose client left, in logs and metrics."""


async def durable(gateway: Gateway, exchange: Exchange) -> None:
    """Wait until a decision is on the disk: feedback on it will be taken, whatever happens.

    If it cannot be kept, the answer is delivered all the same, and `store_trouble` says why.
    """
    routed = exchange.chosen.routed
    if routed is None:
        return
    try:
        if routed.stored.done():
            routed.stored.result()
        else:
            await asyncio.wrap_future(routed.stored)
    except StoreError as error:
        gateway.store_trouble = str(error)
        _log.error("a decision could not be kept: %s", error)  # no trace is of use
    else:
        gateway.store_trouble = ""


def book(
    gateway: Gateway, exchange: Exchange, answered: Answered | None, *, whole: bool = True
) -> None:
    """Report what came of a request; a second call does nothing.

    Args:
        gateway: Where it was.
        exchange: The request.
        answered: By the model that answered, at least in part; None: none did.
        whole: Whether the client stayed to the end: checks and judges look at no other answer.
    """
    if exchange.booked:
        return
    exchange.booked = True
    outcomes = list(exchange.failed)
    if answered is not None:
        exchange.answered = answered
        exchange.bill = bill(exchange.settings.models[exchange.model], answered.usage)
        now_s = gateway.parts.clocks.now()
        gateway.budgets.spend(exchange.caller.name, exchange.bill.cost_usd, now_s)
        outcomes.append(_outcome(gateway, exchange, answered, now_s))
    if exchange.chosen.routed is None or not outcomes:
        return
    _finish(gateway, exchange, outcomes)
    if answered is not None and not answered.error:
        _stay(gateway, exchange)
        if whole:
            _examine(gateway, exchange, answered)


def close(gateway: Gateway, exchange: Exchange) -> None:
    """A request is over: count it, and write its line in the log."""
    book(gateway, exchange, None)
    answered, cost = exchange.answered, exchange.bill
    now_s = gateway.parts.clocks.monotonic()
    usage = answered.usage if answered else None
    overhead_s = exchange.overhead_s
    first_byte_s = exchange.first_byte_s
    ended = Ended(
        request_id=exchange.request_id,
        status=exchange.status,
        latency_s=now_s - exchange.arrived_s,
        operation=_OPERATIONS.get(exchange.path, exchange.path.strip("/")),
        client=exchange.caller.name,
        route=exchange.route,
        alpha=exchange.alpha,
        model=exchange.model if answered else "",
        provider=exchange.settings.models[exchange.model].provider if answered else "",
        mode=exchange.mode if answered else "",
        stream=exchange.asked.stream,
        error=exchange.error,
        overhead_s=overhead_s,
        first_byte_s=None if first_byte_s is None else first_byte_s - exchange.arrived_s,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        cached_tokens=usage.cached_tokens if usage else 0,
        output_tokens=usage.output_tokens if usage else 0,
        cost_usd=cost.cost_usd if cost else 0.0,
        energy_j=cost.energy_j if cost else 0.0,
        attempts=exchange.attempts,
    )
    gateway.parts.metrics.ended(ended)
    exchange.trace.end(ended)
    log_access(ended)


_OPERATIONS = {"/chat/completions": "chat", "/completions": "text_completion"}


def _outcome(gateway: Gateway, exchange: Exchange, answered: Answered, now_s: float) -> Outcome:
    assert exchange.bill is not None
    in_joules = exchange.settings.cost == "joule"
    return Outcome(
        decision_id=exchange.request_id,
        model=exchange.model,
        at_s=now_s,
        cost=exchange.bill.energy_j if in_joules else exchange.bill.cost_usd,
        latency_s=gateway.parts.clocks.monotonic() - exchange.asked_s,
        prompt_tokens=answered.usage.prompt_tokens,
        output_tokens=answered.usage.output_tokens,
        error=answered.error,
    )


def _finish(gateway: Gateway, exchange: Exchange, outcomes: Sequence[Outcome]) -> None:
    stored = gateway.parts.router.finish(exchange.request_id, outcomes)

    def note(done: "Future[int]") -> None:  # on the store's own thread
        error = done.exception()
        if error is not None:
            gateway.store_trouble = str(error)
            _log.error("an outcome could not be kept: %s", error)

    stored.add_done_callback(note)


def _stay(gateway: Gateway, exchange: Exchange) -> None:
    if exchange.chosen.session is not None:
        now_s = gateway.parts.clocks.monotonic()
        gateway.sessions.stay(exchange.chosen.session, exchange.model, now_s)


def _examine(gateway: Gateway, exchange: Exchange, answered: Answered) -> None:
    gateway.parts.signals.finished(
        exchange.route,
        Answer(
            decision_id=exchange.request_id,
            model=exchange.model,
            text=answered.text,
            finish_reason=answered.finish_reason,
            tool_calls=answered.tool_calls,
            json_schema=exchange.asked.schema,
            prompt=exchange.asked.text,
            streamed=exchange.asked.stream,
        ),
    )
