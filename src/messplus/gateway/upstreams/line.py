"""The line to a model: how many calls are under way on it, and whether it is fit for more."""

from collections.abc import Callable
from random import Random

from messplus.gateway.upstreams.circuit import Circuit
from messplus.gateway.upstreams.errors import OF_THE_UPSTREAM, UpstreamError
from messplus.gateway.upstreams.observe import Health, Observer


class Line:
    """Circuit and calls under way of one model. It outlives a change of the settings."""

    def __init__(
        self, model: str, clock: Callable[[], float], rng: Random, observe: Observer | None
    ) -> None:
        """A line that nobody has used.

        Args:
            model: Of the configuration.
            clock: Seconds, only ever forward.
            rng: For the jitter of back-off.
            observe: Who is told.
        """
        self.model = model
        self.in_flight = 0
        self.last_error = ""
        self._circuit = Circuit()
        self._clock = clock
        self._rng = rng
        self._observe = observe

    def admits(self, limit: int | None) -> bool:
        """Whether a call may begin."""
        return (limit is None or self.in_flight < limit) and self._circuit.admits(self._clock())

    def begin(self, limit: int | None) -> "Call":
        """Begin a call.

        Raises:
            UpstreamError: `busy`: as many are under way as may be, or the circuit is open.
        """
        now_s = self._clock()
        if limit is not None and self.in_flight >= limit:
            raise UpstreamError(
                self.model, "busy", f"has {self.in_flight} calls under way, its limit is {limit}"
            )
        if not self._circuit.admits(now_s):
            raise self._left_alone(now_s)
        self.in_flight += 1
        self._become(self._circuit.begun())
        return Call(self, self._circuit.epoch, now_s)

    def _left_alone(self, now_s: float) -> UpstreamError:
        left_s = max(0.0, self._circuit.until_s - now_s)
        when = f"for {left_s:.1f} s more" if left_s else "until a trial has ended"
        return UpstreamError(
            self.model,
            "busy",
            f"is left alone {when} after {self.last_error or 'failures'}",
            retry_after_s=left_s,
        )

    def answers(self, call: "Call") -> None:
        """Note that an answer has begun. That is all a trial is for: a long stream must not hold it up."""
        if self._circuit.state == "half-open" and call.epoch == self._circuit.epoch:
            self._become(self._circuit.succeeded(call.epoch))
            call.epoch = self._circuit.epoch

    def ended(self, call: "Call", error: UpstreamError | None, *, cancelled: bool) -> None:
        """Note how a call ended."""
        now_s = self._clock()
        self.in_flight -= 1
        circuit = self._circuit
        if cancelled:
            circuit = circuit.abandoned(call.epoch, now_s)
        elif error is None or error.kind not in OF_THE_UPSTREAM:
            circuit = circuit.succeeded(call.epoch)
        else:
            self.last_error = f"{error.kind}: {error.message}"
            if error.kind == "throttled" and error.retry_after_s:
                circuit = circuit.asked_to_wait(now_s, error.retry_after_s)
            else:
                circuit = circuit.failed(call.epoch, now_s, self._rng.random())
        self._become(circuit)
        if self._observe is not None:
            kind = "cancelled" if cancelled else error.kind if error else "ok"
            self._observe.attempt(self.model, kind, now_s - call.begun_s)

    def health(self) -> Health:
        """How the model fares."""
        circuit = self._circuit
        return Health(
            model=self.model,
            circuit=circuit.state,
            in_flight=self.in_flight,
            failures_in_a_row=circuit.failures,
            last_error=self.last_error,
            open_until_s=circuit.until_s if circuit.state == "open" else None,
        )

    def _become(self, circuit: Circuit) -> None:
        changed = circuit.state != self._circuit.state
        self._circuit = circuit
        if changed and self._observe is not None:
            self._observe.circuit(self.model, circuit.state)


class Call:
    """One call under way. It ends once; whatever is said of it later has no effect."""

    __slots__ = ("_ended", "_line", "begun_s", "epoch")

    def __init__(self, line: Line, epoch: int, begun_s: float) -> None:
        self._line = line
        self._ended = False
        self.epoch = epoch
        self.begun_s = begun_s

    def answers(self) -> None:
        """The answer has begun; it may still be cut."""
        self._line.answers(self)

    def succeed(self) -> None:
        """The answer has come whole."""
        self._end(None)

    def fail(self, error: UpstreamError) -> None:
        """It has not."""
        self._end(error)

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._end(None, cancelled=True)

    def _end(self, error: UpstreamError | None, *, cancelled: bool = False) -> None:
        if not self._ended:
            self._ended = True
            self._line.ended(self, error, cancelled=cancelled)
