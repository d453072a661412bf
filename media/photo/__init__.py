"""The photo: what does it say about itself, what does it look like, and was it seen before?

Nothing is imported here, so that ``media.photo.inspector`` and ``media.photo.likeness`` load without Pillow; the
front door for all of it is :mod:`media`.
"""
