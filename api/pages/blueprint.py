"""The desk's blueprint: every page below ``/desk/`` hangs on it."""

from flask import Blueprint

desk = Blueprint("desk", __name__, url_prefix="/desk")
