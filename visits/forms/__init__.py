"""What is asked on a visit: the questions with the rules they rest on, and the 29 items that a problem may cite."""

from visits.forms.errors import BadQuestionSet, FormsError, NoSuchItem, NoSuchQuestionSet
from visits.forms.items import ITEMS_VERSION, ProblemItem, item, items
from visits.forms.questions import Question, QuestionSet, VisitKind, question_set

__all__ = [
    "ITEMS_VERSION",
    "BadQuestionSet",
    "FormsError",
    "NoSuchItem",
    "NoSuchQuestionSet",
    "ProblemItem",
    "Question",
    "QuestionSet",
    "VisitKind",
    "item",
    "items",
    "question_set",
]
