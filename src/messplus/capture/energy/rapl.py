"""The energy counters of Intel and AMD processors (RAPL), as Linux shows them."""

from pathlib import Path

from messplus.errors import CaptureError

POWERCAP = Path("/sys/class/powercap")


class Rapl:
    """Joules of all processor packages of this machine.

    It counts everything that runs there: measure on a machine that does nothing else.
    """

    method = "RAPL: processor packages, whole machine"

    def __init__(self, powercap: Path = POWERCAP) -> None:
        """Find the packages.

        Args:
            powercap: The kernel's folder of power zones.

        Raises:
            CaptureError: There are none, or they cannot be read (by default only root may).
        """
        if not is_readable(powercap):
            raise CaptureError(f"no readable RAPL counter under {powercap}: are you root?")
        self._zones = [_Zone(zone) for zone in _packages(powercap)]

    def read_j(self) -> float:
        """Joules since this object was made."""
        return sum(zone.read_uj() for zone in self._zones) / 1e6


def is_readable(powercap: Path = POWERCAP) -> bool:
    """Whether there is a counter, and we may read it."""
    try:
        for zone in (zones := _packages(powercap)):
            (zone / "energy_uj").read_text()
    except OSError:
        return False
    return bool(zones)


def _packages(powercap: Path) -> list[Path]:
    """One folder per processor package; those below it (core, uncore) are parts of it."""
    return sorted(zone for zone in powercap.glob("intel-rapl:*") if zone.name.count(":") == 1)


class _Zone:
    """One counter, which starts again at 0 after a maximum."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "energy_uj"
        self._range_uj = int((folder / "max_energy_range_uj").read_text())
        self._last_uj = int(self._file.read_text())
        self._total_uj = 0

    def read_uj(self) -> int:
        reading = int(self._file.read_text())
        self._total_uj += (reading - self._last_uj) % (self._range_uj + 1)
        self._last_uj = reading
        return self._total_uj
