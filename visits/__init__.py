"""What may happen on a visit, and what happened. Enter by a room: ``from visits.fieldwork import …``."""
