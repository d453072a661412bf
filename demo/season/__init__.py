"""A season of two counties, played through the real API at a clock of its own, and what the software makes of it.

Who of the posted really lives in the village is known to the run alone; at the end it is held against what is said.
"""

from demo.season.play import SEASON_STEPS, play_season

__all__ = ["SEASON_STEPS", "play_season"]
