"""What falls due under contracts, and how far ahead it is told of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Prefetch, QuerySet

from board.thresholds import threshold
from contracts.models import Action, Check, Contract, ExtensionOption, Issue


class Kind(StrEnum):
    """What an alert is about."""

    UNSIGNED = "unsigned"
    NOTICE = "notice"
    OPTION = "option"
    REVIEW = "review"
    CHECK = "check"
    ISSUE = "issue"
    ACTION = "action"
    END = "end"


LABELS = {
    Kind.UNSIGNED: "Signature",
    Kind.NOTICE: "Notice",
    Kind.OPTION: "Option",
    Kind.REVIEW: "Review",
    Kind.CHECK: "Check",
    Kind.ISSUE: "Issue",
    Kind.ACTION: "Action",
    Kind.END: "End",
}
# The threshold that says how many days ahead; a signature is wanted when the contract begins.
_AHEAD = {
    Kind.NOTICE: "alert-notice-days",
    Kind.OPTION: "alert-option-days",
    Kind.REVIEW: "alert-review-days",
    Kind.CHECK: "alert-check-days",
    Kind.ISSUE: "alert-action-days",
    Kind.ACTION: "alert-action-days",
    Kind.END: "alert-end-days",
}


@dataclass(frozen=True)
class Alert:
    """One date of a contract: what is to be done by then, and from which day on it is told.

    The words hold no free text of the register, since they leave the system by mail.
    """

    kind: Kind
    contract: Contract
    day: date
    tell_from: date
    words: str
    number: int = 0

    @property
    def key(self) -> str:
        """What it is, with its date: a date that moves is told anew."""
        return f"contract-{self.kind}/{self.contract.reference}/{self.number}/{self.day.isoformat()}"

    def is_told(self, today: date) -> bool:
        return self.tell_from <= today

    def is_late(self, today: date) -> bool:
        return self.day < today


def alerts(contracts: QuerySet[Contract], *, today: date) -> list[Alert]:
    """Every date ahead or missed of some contracts, the earliest first; the same queries for two contracts and many."""
    found = contracts.select_related("programme", "provider").prefetch_related(
        "programme__thresholds",
        Prefetch("options", ExtensionOption.objects.filter(state=ExtensionOption.State.OPEN), to_attr="open_options"),
        Prefetch("checks", Check.objects.in_force(), to_attr="held_checks"),
        Prefetch("issues", Issue.objects.still_open(), to_attr="open_issues"),
        Prefetch("actions", Action.objects.still_open(), to_attr="open_actions"),
    )
    every = [alert for contract in found for alert in _of(contract, today)]
    return sorted(every, key=lambda alert: (alert.day, alert.contract.reference, alert.kind, alert.number))


def _of(contract: Contract, today: date) -> Iterator[Alert]:
    def alert(kind: Kind, day: date, words: str, number: int = 0) -> Alert:
        ahead = int(threshold(contract.programme, _AHEAD[kind], today)) if kind in _AHEAD else 0
        return Alert(kind, contract, day, day - timedelta(days=ahead), words, number)

    name = contract.reference
    if contract.signed_on is None:
        yield alert(Kind.UNSIGNED, contract.starts_on, f"Have {name} signed: it begins without a signature")
    for option in contract.open_options:
        words = f"Use or decline option {option.number} of {name}"
        yield alert(Kind.OPTION, option.use_by, words, option.number)
    for issue in contract.open_issues:
        yield alert(Kind.ISSUE, issue.due_on, f"Close issue {issue.number} of {name}", issue.number)
    for action in contract.open_actions:
        yield alert(Kind.ACTION, action.due_on, f"Complete action {action.number} of {name}", action.number)
    if contract.ends_on < today:
        return
    yield alert(Kind.END, contract.ends_on, f"{name} ends")
    # Once the day has passed no notice can be given, so nothing is left to do.
    if contract.last_notice_on >= today:
        yield alert(Kind.NOTICE, contract.last_notice_on, f"Last day to give notice of the end of {name}")
    if contract.review_on is not None:
        yield alert(Kind.REVIEW, contract.review_on, f"Review {name}")
    for check in contract.held_checks:
        words = f"Renew check {check.number} of {name}, {check.get_what_display().lower()}"
        yield alert(Kind.CHECK, check.expires_on, words, check.number)
