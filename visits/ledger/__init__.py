"""The ledger of problems (台账): entered from visits, withdrawn with a reason, never deleted."""

from visits.ledger.errors import AlreadyWithdrawn, LedgerError, NoSuchProblem
from visits.ledger.rows import Problem
from visits.ledger.verbs import EarlierWording, ProblemView, enter_problems, open_problems, problem, problems, withdraw

__all__ = [
    "AlreadyWithdrawn",
    "EarlierWording",
    "LedgerError",
    "NoSuchProblem",
    "Problem",
    "ProblemView",
    "enter_problems",
    "open_problems",
    "problem",
    "problems",
    "withdraw",
]
