"""What a rule finds, and the one way in which an act refuses.

A rule is a function that yields Problems; an act gathers them all and calls `refuse_if_blocking`.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong or worth a look, in words for the person who can put it right.

    `code` is the rule's ("F18"); `message` says what, where and what to do; a `blocking` problem
    stops the act; `where` names the form field, or the sheet and cell, that it is about.
    """

    code: str
    message: str
    blocking: bool = True
    where: str = ""


class Refused(Exception):
    """An act was refused. `problems` holds everything found, worst first; nothing was written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: not problem.blocking)
        super().__init__("; ".join(problem.message for problem in self.problems))


def refuse_if_blocking(problems: Iterable[Problem]) -> list[Problem]:
    """Raise Refused with all problems if any of them blocks; else hand back the warnings."""
    found = list(problems)
    if any(problem.blocking for problem in found):
        raise Refused(found)
    return found


def refuse(code: str, message: str, where: str = "") -> Refused:
    """The exception for a single blocking problem, to be raised by the caller."""
    return Refused([Problem(code, message, True, where)])
