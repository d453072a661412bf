"""An interval for a rate from few counts."""

from math import sqrt
from statistics import NormalDist


def wilson_interval(found: int, visits: int, *, level: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of ``found`` out of ``visits``; (0, 1) when there were none.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212.
    It treats visits as independent: shared causes of one visit (a meeting in town) make the truth wider still.
    """
    if not 0 <= found <= visits:
        raise ValueError(f"{found} found of {visits} visits")
    if not 0 < level < 1:
        raise ValueError(f"{level} is no level between 0 and 1")
    if visits == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate = found / visits
    centre = rate + z * z / (2 * visits)
    half = z * sqrt(rate * (1 - rate) / visits + z * z / (4 * visits * visits))
    scale = 1 + z * z / visits
    low = 0.0 if found == 0 else (centre - half) / scale
    high = 1.0 if found == visits else (centre + half) / scale
    return low, high
