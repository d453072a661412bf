"""What is asked on a visit: for now the 29 items that a problem may cite, with the version of their wording."""

from visits.forms.errors import FormsError, NoSuchItem
from visits.forms.items import ITEMS_VERSION, ProblemItem, item, items

__all__ = ["ITEMS_VERSION", "FormsError", "NoSuchItem", "ProblemItem", "item", "items"]
