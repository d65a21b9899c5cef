"""The energy counters of graphics cards, through zeus."""

from importlib.util import find_spec

from messplus.errors import CaptureError, require_extra


class Gpu:
    """Joules of all graphics cards of this machine.

    It counts everything that runs on them: measure on cards that do nothing else.
    """

    method = "NVML through zeus: graphics cards, whole machine"

    def __init__(self) -> None:
        """Find the cards.

        Raises:
            MissingExtraError: zeus is not installed.
            CaptureError: There are no cards that it can read.
        """
        require_extra("energy", ["zeus"], "reading the energy of graphics cards")
        from zeus.device import get_gpus
        from zeus.device.gpu import ZeusBaseGPUError

        try:
            self._gpus = get_gpus()
        except ZeusBaseGPUError as error:
            raise CaptureError(f"zeus finds no graphics card to read: {error}") from error

    def read_j(self) -> float:
        """Joules since the driver was loaded."""
        cards = range(len(self._gpus))
        millijoules = sum(self._gpus.get_total_energy_consumption(card) for card in cards)
        return float(millijoules) / 1000


def is_readable() -> bool:
    """Whether zeus is installed and finds a card."""
    if find_spec("zeus") is None:
        return False
    try:
        return Gpu().read_j() >= 0
    except CaptureError:
        return False
