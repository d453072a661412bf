"""Photos in pieces, by the tus protocol 1.0.0: a cut connection costs the piece that was on its way, not the photo."""

from api.uploads.override import MethodOverride
from api.uploads.views import uploads

__all__ = ["MethodOverride", "uploads"]
