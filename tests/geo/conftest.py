"""Hypothesis without deadlines: the machines are shared, and a slow minute is no failure."""

from hypothesis import settings

settings.register_profile("geo", deadline=None, database=None, max_examples=150)
settings.load_profile("geo")
