"""The one base error of the domain. It knows nothing of HTTP: ``api`` translates it."""


class VisitsError(Exception):
    """Something the domain refuses; the text is a sentence a person in the field can act on."""
