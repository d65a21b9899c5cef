"""Figures that arXiv:2505.19947 (camera-ready) publishes for its Llama-3 zoo, as printed.

Cost is MJ over a benchmark's whole stream, satisfaction is in percent. Facts from table 2;
ARC-Easy's 70B total is printed as 4.05 in table 2, a slip for the 5.05 of tables 8 and 9.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """One row of the paper's table 2."""

    messplus_mj: float
    messplus_percent: float
    single_mj: tuple[float, float, float]  # 1B, 8B, 70B
    single_percent: tuple[float, float, float]


TABLE_2 = {
    "arc_challenge": Published(0.83, 53.64, (0.09, 0.46, 2.35), (37.88, 54.44, 60.84)),
    "arc_easy": Published(1.74, 77.06, (0.20, 0.97, 5.05), (62.76, 79.72, 83.12)),
    "boolq": Published(0.90, 82.16, (0.14, 0.43, 3.40), (69.17, 84.16, 88.78)),
    "logiqa": Published(2.50, 41.02, (0.17, 0.81, 4.11), (27.19, 29.03, 49.31)),
    "piqa": Published(0.67, 79.20, (0.07, 0.36, 1.84), (74.05, 79.33, 82.70)),
    "sciq": Published(0.83, 96.01, (0.10, 0.44, 2.23), (93.80, 97.00, 97.10)),
    "social_iqa": Published(0.67, 45.88, (0.13, 0.59, 3.00), (41.71, 48.31, 48.67)),
    "winogrande": Published(0.52, 73.57, (0.06, 0.25, 1.29), (59.67, 73.64, 79.08)),
}

MEAN_MJ = 1.08
MEAN_PERCENT = 68.44


@dataclass(frozen=True, slots=True)
class Routed:
    """A baseline's row of table 2: cost, satisfaction, and who answered."""

    mj: float
    percent: float
    calls_percent: tuple[float, float, float]  # 1B, 8B, 70B


ROUTELLM = {
    "arc_challenge": Routed(1.24, 51.17, (50, 0, 50)),
    "arc_easy": Routed(4.05, 82.54, (0, 0, 100)),
    "boolq": Routed(2.96, 86.83, (13, 0, 87)),
    "logiqa": Routed(3.97, 47.71, (2, 0, 98)),
    "piqa": Routed(1.25, 78.35, (34, 0, 66)),
    "sciq": Routed(2.16, 97.76, (5, 0, 95)),
    "social_iqa": Routed(2.02, 44.32, (35, 0, 65)),
    "winogrande": Routed(1.27, 80.82, (3, 0, 97)),
}
ROUTERDC = {
    "arc_challenge": Routed(2.09, 60.94, (0, 12, 88)),
    "arc_easy": Routed(3.61, 82.30, (0, 15, 85)),
    "boolq": Routed(2.14, 87.06, (0, 42, 58)),
    "logiqa": Routed(2.67, 47.13, (2, 29, 70)),
    "piqa": Routed(1.85, 82.34, (0, 0, 100)),
    "sciq": Routed(1.90, 97.95, (0, 18, 82)),
    "social_iqa": Routed(2.89, 46.76, (0, 5, 95)),
    "winogrande": Routed(1.30, 80.86, (0, 0, 100)),
}

ROUTED_REQUESTS = {"arc_easy": 2000, "logiqa": 651}
"""Where the printed means of these two take a stream to be shorter than MESS+'s (paper, tables 8 and 9)."""

ROUTED_MEAN = {"RouteLLM": (2.04, 71.19), "RouterDC": (2.11, 73.17)}
"""MJ and percent, as table 2 prints them."""
