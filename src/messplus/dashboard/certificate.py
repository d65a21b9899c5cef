"""What is certified of one promise, to keep and to hand on: as JSON, and as one printable page."""

import hashlib
import json
from datetime import UTC, datetime
from html import escape
from string import Template
from typing import Any

from messplus.dashboard.shapes import Json, shown_satisfaction
from messplus.evidence import Evidence, PromiseEvidence, verdict_on

_WHO = {
    "audit": "Satisfaction is by audits, taken to be right and drawn at random from all answers.",
    "user": "Satisfaction is by users, who are taken to answer as often for good answers as for bad ones.",
    "judge": "Satisfaction is a judge's opinion, taken to be right.",
    "none": "Nobody has judged an answer; only what is certain counts: failed calls and rules.",
}
_FORMULA = (
    "estimate = mean over all open answers of f + mean over the judged ones of (s - f), with f the"
    " satisfaction predicted before anything was known and s the verdict; answers of which"
    " satisfaction is certain (failed calls, rules) are joined as they are. Interval:"
    " predictable-mean empirical-Bernstein confidence sequence (Howard, Ramdas, McAuliffe, Sekhon, 2021)"
    " of s - f, mixed over 48 rates."
)


def certificate(
    evidence: Evidence, promise: PromiseEvidence, *, version: str, now_s: float
) -> Json:
    """What is known of a promise, from what, and on what assumptions.

    Args:
        evidence: What the log knows.
        promise: Which promise.
        version: Of messplus.
        now_s: Seconds since 1970.

    Returns:
        With `sha256`, the hash of everything else as canonical JSON (keys sorted, no spaces).
    """
    found = promise.satisfaction()
    verdict = verdict_on(promise.alpha, found)
    told: Json = {
        "object": "certificate",
        "promise": promise.name,
        "route": promise.route,
        "alpha": promise.alpha,
        "status": verdict.status,
        "statement": _statement(promise, now_s),
        "satisfaction": shown_satisfaction(found),
        "requests": promise.requests,
        "failed": promise.failed,
        "from": promise.first_s,
        "to": promise.last_s,
        "cost_mean": promise.cost_mean,
        "assumptions": _assumptions(promise),
        "method": _FORMULA,
        "log": {
            "decisions": evidence.decisions,
            "sequence": evidence.sequence,
            "from": evidence.first_s,
            "to": evidence.last_s,
        },
        "made_at": now_s,
        "messplus": version,
    }
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return told | {"sha256": hashlib.sha256(canonical).hexdigest()}


def certificate_page(made: Json) -> str:
    """A certificate as a page of its own, for paper.

    Args:
        made: What `certificate` gave.
    """
    satisfaction: dict[str, Any] = made["satisfaction"]
    unknown_low, unknown_high = satisfaction["if_silence_unknown"]
    rows = [
        ("Promise (alpha)", _percent(made["alpha"])),
        ("Requests", f"{made['requests']:,}"),
        ("Satisfied, estimate", _percent(satisfaction["estimate"])),
        (
            f"{satisfaction['level']:.0%} confidence sequence",
            f"{_percent(satisfaction['low'])} to {_percent(satisfaction['high'])}",
        ),
        ("Answers judged or certain", f"{satisfaction['judged']:,} ({_percent(satisfaction['coverage'])})"),
        ("If every unjudged answer was bad", _percent(unknown_low)),
        ("If every unjudged answer was good", _percent(unknown_high)),
        ("Requests that nobody answered", f"{made['failed']:,}"),
        ("Period", f"{_day(made['from'])} to {_day(made['to'])}"),
        ("Log", f"up to event {made['log']['sequence']:,}, {made['log']['decisions']:,} decisions"),
        ("Made", f"{_day(made['made_at'])} by messplus {made['messplus']}"),
        ("SHA-256 of the JSON form", made["sha256"]),
    ]  # fmt: skip
    table = "\n".join(
        f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in rows
    )
    assumptions = "\n".join(f"<li>{escape(one)}</li>" for one in made["assumptions"])
    return _PAGE.substitute(
        title=escape(f"Certificate: {made['promise']}"),
        statement=escape(made["statement"]),
        table=table,
        assumptions=assumptions,
        method=escape(made["method"]),
    )


def _statement(promise: PromiseEvidence, now_s: float) -> str:
    found = promise.satisfaction()
    if not promise.requests:
        return f"No request has been sent through route {promise.route} by {_day(now_s)}."
    asked = (
        f"Of the {promise.requests:,} requests sent through route {promise.route} between"
        f" {_day(promise.first_s)} and {_day(promise.last_s)}"
    )
    if found.estimate is None:
        return f"{asked} it is not known how many were answered satisfactorily."
    return (
        f"{asked}, {found.estimate:.1%} were answered satisfactorily; promised were"
        f" {promise.alpha:.1%}. With {found.level:.0%} confidence, valid at every moment at which one may"
        f" look, satisfaction lies between {_percent(found.low)} and {_percent(found.high)}."
    )


def _assumptions(promise: PromiseEvidence) -> list[str]:
    found = promise.satisfaction()
    told = [_WHO[found.verdicts]]
    if 0 < found.judged < found.requests:
        told.append(
            "Which answers were judged does not depend on how good they were. The bounds for unjudged"
            " answers rest on nothing."
        )
    if promise.certain:
        told.append(
            f"{promise.certain:,} answers are certain: their calls failed, or a rule decided."
        )
    return told


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>$title</title>
<style>
  @page { size: A4; margin: 22mm; }
  body { font: 11pt/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { font-size: 20pt; margin: 0 0 .2em; }
  .statement { font-size: 13pt; border-left: 3px solid #0b6e6e; padding: .2em 0 .2em 1em; margin: 1.5em 0; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .35em .5em; border-bottom: 1px solid #ddd; vertical-align: top;
           font-weight: normal; }
  th { color: #555; width: 45%; }
  td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
  h2 { font-size: 12pt; margin: 1.8em 0 .4em; }
  .method { color: #444; font-size: 10pt; }
</style>
<h1>$title</h1>
<p class="statement">$statement</p>
<table>
$table
</table>
<h2>What this rests on</h2>
<ul>
$assumptions
</ul>
<h2>How it was computed</h2>
<p class="method">$method</p>
</html>
""")
