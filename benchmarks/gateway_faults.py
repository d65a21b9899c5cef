"""What a client sees when an upstream fails, what the promise's account says, and what the circuit does.

    python -m benchmarks.gateway_faults

Each fault is given over real connections by a server on the loopback, to a gateway that was started for it
alone. tests/e2e/gateway_faults holds the faults, and checks each row of the page.
"""

import logging
from pathlib import Path

from benchmarks.pages import write_page
from tests.e2e.gateway_faults.faults import LIMIT_S
from tests.e2e.gateway_faults.seen import ALPHA
from tests.e2e.gateway_faults.table import HEAD, rows

PAGE = Path("docs/results/gateway-faults.md")


def main() -> None:
    """Go through all faults and write the page."""
    logging.disable(logging.CRITICAL)  # the gateway rightly warns of each
    tables = {}
    for kind in ("json", "stream"):
        lines = [HEAD]
        for line in rows(kind):
            print(line, flush=True)
            lines.append(line)
        tables[kind] = "\n".join(lines)
    write_page(
        PAGE, "gateway-faults.md.in", {**tables, "alpha": f"{ALPHA:g}", "limit": f"{LIMIT_S:g}"}
    )


if __name__ == "__main__":
    main()
