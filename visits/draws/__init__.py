"""Draws nobody can steer: villages, slots, days and teams by chance, committed to before, told and checkable after."""

from visits.draws.draw import (
    DrawnVisit,
    Frame,
    FrameInspector,
    FrameVillage,
    NotDrawable,
    draw,
    frame_text,
    inclusion,
    read_frame,
    seed_of,
)
from visits.draws.errors import BadDraw, DrawMoved, DrawsError, NoSuchDraw, NotYetRevealed, SameParty
from visits.draws.framing import USUAL_SLOTS, NewDraw
from visits.draws.leaks import FoundRate, LeakSigns, NearBefore, leak_signs
from visits.draws.reading import DrawView, draw_of, draws, published, rewrap_draw_secrets
from visits.draws.risk import Risk, weight_of
from visits.draws.rows import Draw
from visits.draws.verbs import commit_draw, mix_draw, reveal_draw, withdraw_draw

__all__ = [
    "USUAL_SLOTS",
    "BadDraw",
    "Draw",
    "DrawMoved",
    "DrawView",
    "DrawnVisit",
    "DrawsError",
    "FoundRate",
    "Frame",
    "FrameInspector",
    "FrameVillage",
    "LeakSigns",
    "NearBefore",
    "NewDraw",
    "NoSuchDraw",
    "NotDrawable",
    "NotYetRevealed",
    "Risk",
    "SameParty",
    "commit_draw",
    "draw",
    "draw_of",
    "draws",
    "frame_text",
    "inclusion",
    "leak_signs",
    "mix_draw",
    "published",
    "read_frame",
    "reveal_draw",
    "rewrap_draw_secrets",
    "seed_of",
    "weight_of",
    "withdraw_draw",
]
