"""`POST /v1/feedback` and `/v1/feedback/batch`: what users, judges and audits say of answers."""

import asyncio
from collections.abc import Sequence

import orjson
from starlette.types import Receive, Scope, Send

from messplus.gateway.access import Caller
from messplus.gateway.access.budget import CLIENT
from messplus.gateway.body import parse, read_body
from messplus.gateway.errors import ApiError
from messplus.gateway.gateway import Gateway
from messplus.gateway.http import headers_of, respond
from messplus.gateway.verdicts import Verdict, parse_batch, parse_verdict
from messplus.router import Receipt, Told


class Feedback:
    """An ASGI endpoint that takes one verdict, or many."""

    def __init__(self, gateway: Gateway, *, batch: bool) -> None:
        """Serve a path.

        Args:
            gateway: Whose answers are judged.
            batch: Whether a body holds many.
        """
        self._gateway = gateway
        self._batch = batch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take note, and answer once it is on the disk."""
        gateway = self._gateway
        headers = headers_of(scope)
        caller = gateway.caller(headers)
        body = parse(await read_body(scope, receive, gateway.most_bytes))
        if self._batch:
            verdicts = parse_batch(body)
        else:
            verdicts = [parse_verdict(body, headers.get("idempotency-key", "")[:96] or None)]
        names = [one.decision_id for one in verdicts]
        await gateway.look_up(names, [one.feedback_id for one in verdicts if one.feedback_id])
        for verdict in verdicts:
            self._check_right(caller, verdict)
        told = await self._take(verdicts)
        if not self._batch:
            if told[0]["status"] == "unknown":
                raise _unknown(verdicts[0].decision_id)
            await respond(send, 202, orjson.dumps(told[0]), [])
        else:
            await respond(send, 202, orjson.dumps({"object": "list", "data": told}), [])

    async def _take(self, verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
        """What became of each."""
        gateway = self._gateway
        real = [one for one in verdicts if not one.dry_run]
        receipts = gateway.parts.tell.many(
            [
                Told(
                    decision_id=one.decision_id,
                    value=one.value,
                    source=one.source,
                    feedback_id=one.feedback_id,
                    comment=one.comment,
                    attributes=one.attributes,
                )
                for one in real
            ]
        )
        for receipt in receipts:
            if not receipt.stored.done():
                await asyncio.wrap_future(receipt.stored)
            receipt.stored.result()  # raises where it could not be kept
        said = iter(receipts)
        return [
            await _looked_at(gateway, one) if one.dry_run else _said(next(said)) for one in verdicts
        ]

    def _check_right(self, caller: Caller, verdict: Verdict) -> None:
        """Only who asked may judge the answer, and only an admin may audit.

        Raises:
            ApiError: 403: it may not. Of a decision that is not its own it is not told that there is one.
        """
        gateway = self._gateway
        if caller.admin or not gateway.parts.keys.needed:
            return
        if verdict.source == "audit":
            raise ApiError(
                403, "not_permitted", "audits are taken for the truth: they need an admin's key"
            )
        client = gateway.parts.router.attribute(verdict.decision_id, CLIENT)
        if client is not None and client != caller.name:
            raise _unknown(verdict.decision_id)


def _unknown(decision_id: str) -> ApiError:
    return ApiError(
        404,
        "decision_not_found",
        f"there is no decision {decision_id!r}: feedback names the `id` of an answer or its header"
        " x-messplus-decision-id, and comes within the retention time",
        "id",
    )


def _said(receipt: Receipt) -> dict[str, str]:
    return {"feedback_id": receipt.feedback_id, "status": receipt.status}


async def _looked_at(gateway: Gateway, verdict: Verdict) -> dict[str, str]:
    """Of a verdict that is only to be checked."""
    story = await asyncio.to_thread(gateway.parts.router.story, verdict.decision_id)
    known = story is not None
    return {"feedback_id": verdict.feedback_id or "", "status": "valid" if known else "unknown"}
