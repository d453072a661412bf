"""What a few surprise visits say about presence: counts, an interval, and whether that is enough to say anything.

Pure: no database. What it said is stored by ``visits.review``.
"""

from visits.presence.errors import BadCounts, NoVisits, PresenceError
from visits.presence.gate import FOUND, MODEL_VERSION, USABLE, Assessment, Evidence, Gate, assess, counts
from visits.presence.inspectors import (
    LEAST_VISITS_OF_AN_INSPECTOR,
    Agreement,
    InspectorFacts,
    agreement,
    inspector_facts,
)
from visits.presence.interval import wilson_interval
from visits.presence.population import (
    LEAST_PEOPLE,
    LEAST_UNITS,
    Absence,
    Estimate,
    Funnel,
    FunnelPoint,
    LookedFor,
    absence,
    clustered_difference,
    excuses_by_month,
    funnel,
    hajek,
)
from visits.presence.rates import PresenceRates, fit_presence_rates
from visits.presence.said import POOLED_VERSION, InspectorEffect, Said, Says, Weighed, say, weigh
from visits.presence.standards import TRUST_BY_SIGN, Standard, trust
from visits.presence.table import Sighting

__all__ = [
    "FOUND",
    "LEAST_PEOPLE",
    "LEAST_UNITS",
    "LEAST_VISITS_OF_AN_INSPECTOR",
    "MODEL_VERSION",
    "POOLED_VERSION",
    "TRUST_BY_SIGN",
    "USABLE",
    "Absence",
    "Agreement",
    "Assessment",
    "BadCounts",
    "Estimate",
    "Evidence",
    "Funnel",
    "FunnelPoint",
    "Gate",
    "InspectorEffect",
    "InspectorFacts",
    "LookedFor",
    "NoVisits",
    "PresenceError",
    "PresenceRates",
    "Said",
    "Says",
    "Sighting",
    "Standard",
    "Weighed",
    "absence",
    "agreement",
    "assess",
    "clustered_difference",
    "counts",
    "excuses_by_month",
    "fit_presence_rates",
    "funnel",
    "hajek",
    "inspector_facts",
    "say",
    "trust",
    "weigh",
    "wilson_interval",
]
