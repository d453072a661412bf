#!/usr/bin/env python3
"""Draws again from a published file (docs/draws.md) and says whether it comes to the same. Standard library only.

    python3 recompute_draw.py draw.json

It shares no line with the server: it was written from the page of documentation, to be read by whoever doubts a draw.
"""

import hashlib
import hmac
import json
import pathlib
import sys
from fractions import Fraction

BILLION = 10**9


def sha256(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class Chance:
    """Every chance event: SHA-256 of the seed and a few words, parted by bars, as one number."""

    def __init__(self, seed):
        self.seed = seed

    def number(self, *words):
        return int(sha256("|".join((self.seed, *words))), 16)

    def order(self, things, *words):
        return sorted(things, key=lambda thing: self.number(*words, thing))


def part(total, sizes):
    """Part a total by size; nobody gets more than 1, what is over goes to the others."""
    shares, rest = {}, dict(sizes)
    while rest:
        left, whole = total - len(shares), sum(rest.values())
        over = [code for code in rest if left * rest[code] > whole]
        if not over:
            shares.update({code: Fraction(left) * size / whole for code, size in rest.items()})
            break
        for code in over:
            shares[code] = Fraction(1)
            del rest[code]
    return shares


def billionths(shares):
    """Round down to billionths, then give what is missing to the largest remainders, equal ones by code."""
    exact = {code: share * BILLION for code, share in shares.items()}
    result = {code: value.numerator // value.denominator for code, value in exact.items()}
    missing = int(sum(exact.values())) - sum(result.values())
    for code in sorted(exact, key=lambda code: (result[code] - exact[code], code))[:missing]:
        result[code] += 1
    return result


def chances(frame):
    """The inclusion probability of each village, by steps 1 to 4 of the page."""
    villages = frame["villages"]
    weight, count, floor = sum(v["weight"] for v in villages), len(villages), frame["floor_percent"]
    sizes = {v["code"]: floor * weight + (100 - floor) * count * v["weight"] for v in villages}
    towns = {}
    for v in villages:
        towns.setdefault(v["stratum"], []).append(v["code"])
    quotas = {town: min(most, len(towns[town])) for town, most in frame["most_in_stratum"] if town in towns}
    full = {}
    while True:
        free = {code: sizes[code] for town in towns if town not in full for code in towns[town]}
        shares = part(Fraction(frame["visits"] - sum(full.values())), free)
        over = [
            town
            for town in quotas
            if town not in full and sum(shares[c] for c in towns[town]) > quotas[town] - Fraction(count, BILLION)
        ]
        if not over:
            break
        full.update({town: quotas[town] for town in over})
    result = billionths(shares)
    for town, quota in full.items():
        result.update(billionths(part(Fraction(quota), {code: sizes[code] for code in towns[town]})))
    return result


def villages_drawn(frame, likely, chance):
    """Step 5: systematic selection over towns and villages in random order."""
    order = sorted(
        frame["villages"],
        key=lambda v: (chance.number("stratum", v["stratum"]), chance.number("village", v["code"])),
    )
    mark, passed, drawn = chance.number("start") % BILLION, 0, []
    for v in order:
        passed += likely[v["code"]]
        if mark < passed:
            drawn.append(v["code"])
            mark += BILLION
    return drawn


def slot_drawn(frame, village, chance):
    """Step 6."""
    at = chance.number("slot", village) % sum(weight for _, weight in frame["slots"])
    for slot, weight in frame["slots"]:
        if at < weight:
            return slot
        at -= weight
    raise ValueError("the slots add up to less than their sum")


def visits_drawn(frame, chance):
    """Steps 5 to 8: villages, slots, days and teams."""
    likely, size = chances(frame), frame["team_size"]
    away = {one["label"]: set(one["away_from"]) for one in frame["inspectors"]}
    total = sum(weight for _, weight in frame["slots"])
    slots = {slot: weight * BILLION // total for slot, weight in frame["slots"]}
    teams, load = {}, {}
    for day in frame["days"]:
        order = chance.order(list(away), "team", day)
        teams[day] = [order[at : at + size] for at in range(0, len(order) - size + 1, size)]

    def can_go(label, day, village):
        return load.get((day, label), 0) < frame["most_per_day"] and village not in away[label]

    def team_for(day, village):
        for name in chance.order(["+".join(team) for team in teams[day]], "turn", day, village):
            if all(can_go(label, day, village) for label in name.split("+")):
                return name.split("+")
        able = [label for label in away if can_go(label, day, village)]
        return chance.order(able, "person", day, village)[:size] if len(able) >= size else []

    outcome = []
    for village in chance.order(villages_drawn(frame, likely, chance), "visit"):
        for day in chance.order(frame["days"], "day", village):
            team = team_for(day, village)
            if team:
                break
        for label in team:
            load[day, label] = load.get((day, label), 0) + 1
        slot = slot_drawn(frame, village, chance)
        outcome.append(
            {
                "village_code": village,
                "slot": slot,
                "day": day,
                "team": sorted(team),
                "inclusion_billionths": likely[village],
                "slot_billionths": slots[slot],
            }
        )
    return outcome


def faults(file):
    """Everything in the file that does not follow from the rest of it."""
    frame = json.loads(file["frame_text"])
    committed, frame_hash = json.loads(file["log"][0]["payload"]), sha256(file["frame_text"])
    if committed["frame_sha256"] != frame_hash:
        yield "the frame is not the one that was committed to"
    if committed["secret_sha256"] != hashlib.sha256(bytes.fromhex(file["secret_hex"])).hexdigest():
        yield "the secret is not the one that was committed to"
    for entry in file["log"]:
        leaf = hmac.new(bytes.fromhex(entry["salt_hex"]), entry["payload"].encode(), hashlib.sha256).digest()
        if hashlib.sha256(b"\0" + leaf).hexdigest() != entry["leaf_hash_hex"]:
            yield f"entry {entry['index']} of the log does not say this"
    if chances(frame) != file["inclusion_billionths"]:
        yield "the inclusion probabilities are others"
    if file["nonce"] is None:
        return
    if json.loads(file["log"][1]["payload"])["nonce"] != file["nonce"]:
        yield "the second party's number is not the one in the log"
    seed = sha256("|".join((file["format"], frame_hash, file["secret_hex"], file["nonce"])))
    if seed != file["seed_hex"]:
        yield "the seed does not follow from frame, secret and number"
    if visits_drawn(frame, Chance(seed)) != file["outcome"]:
        yield "another outcome follows from the seed"


def main():
    file = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = list(faults(file))
    sys.stdout.write("\n".join(found or [f"the same draw: {len(file['outcome'])} visits"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
