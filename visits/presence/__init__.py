"""What a few surprise visits say about presence: counts, an interval, and whether that is enough to say anything.

Pure: no database. What it said is stored by ``visits.review``.
"""

from visits.presence.gate import MODEL_VERSION, Assessment, Evidence, Gate, assess, counts
from visits.presence.interval import wilson_interval

__all__ = ["MODEL_VERSION", "Assessment", "Evidence", "Gate", "assess", "counts", "wilson_interval"]
