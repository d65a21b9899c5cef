"""What a measurement was made on: printed with every figure."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Recorded outcomes, beside the checkout; a script says plainly when they are not there."""


def describe() -> str:
    """Processor, cores, Python and numpy, in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0].partition(":")[2].strip() if names else model
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {python}, numpy {version('numpy')}"
