"""What is asked of one kind of posting in one place, and how much must have been seen before anything is said. Pure.

A standard is a rate of presence over the visits on which presence was required and which nothing explains. Rules that
ask for days (twenty a month, two hundred a year) say nothing of single days, so they become a rate: who owes twenty of
about twenty-two working days a month is found on nine visits of ten, who owes two hundred of about two hundred and
fifty a year on eight of ten. The software refers only far below either, at the standard a place sets.
"""

from dataclasses import dataclass, field

from visits.presence.gate import Gate


@dataclass(frozen=True)
class Standard:
    """What may be said of people it applies to, and from when on.

    ``rate``: presence below it is not good enough. ``gate``: the least evidence. ``least_of_each_kind``: visits by day,
    and at dawn, evening or night, before the two are compared; ``compares_nights`` where staying is asked at all.
    """

    name: str = "default"
    rate: float = 0.5
    gate: Gate = field(default_factory=Gate)
    least_of_each_kind: int = 4
    compares_nights: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ValueError(f"{self.rate} is no rate between 0 and 1")


# How far what was seen can be trusted to be what was so, by the kind of evidence: the odds of being told so when it is
# so against when it is not, as a share. Set by judgement, to be mended from blind double visits as they come in.
TRUST_MET_BY_TWO, TRUST_MET_BY_ONE = 1.0, 0.98
TRUST_IN_A_BOOK = 1.0
_MOST_TRUST_IN_VILLAGERS = 0.9
TRUST_BY_SIGN = {"room_in_use": 0.75, "landline": 0.85}


def trust(outcome: str, *, met_by: int = 1, asked: int = 0, know: int = 0, sign: str | None = None) -> float:
    """How far one sighting is trusted: 1 is beyond doubt, one half says nothing.

    ``asked`` and ``know`` are villagers; ``sign`` is a room shown in use by invitation, or a call answered on the
    village's landline. Having looked and not found somebody is what a miss means, so it is never in doubt.
    """
    if outcome == "met":
        return TRUST_MET_BY_TWO if met_by >= 2 else TRUST_MET_BY_ONE
    if outcome != "seen_by_others":
        return 1.0
    # Laplace's rule of succession: one of one is two thirds, three of three four fifths, none of three one fifth.
    by_villagers = min(_MOST_TRUST_IN_VILLAGERS, max(0.5, (know + 1) / (asked + 2)))
    return max(by_villagers, TRUST_BY_SIGN[sign]) if sign else by_villagers
