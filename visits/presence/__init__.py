"""What a few surprise visits say about presence: counts, an interval, and whether that is enough to say anything.

Pure: no database. What it said is stored by ``visits.review``.
"""

from visits.presence.errors import BadCounts, NoVisits, PresenceError
from visits.presence.gate import MODEL_VERSION, Assessment, Evidence, Gate, assess, counts
from visits.presence.interval import wilson_interval
from visits.presence.rates import PresenceRates, fit_presence_rates
from visits.presence.said import POOLED_VERSION, Said, Says, Sighting, say

__all__ = [
    "MODEL_VERSION",
    "POOLED_VERSION",
    "Assessment",
    "BadCounts",
    "Evidence",
    "Gate",
    "NoVisits",
    "PresenceError",
    "PresenceRates",
    "Said",
    "Says",
    "Sighting",
    "assess",
    "counts",
    "fit_presence_rates",
    "say",
    "wilson_interval",
]
