"""What became of a certified return: sent to the funder, asked about, accepted."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from board.models import StoredFile
from board.rows import Kept
from returns.models.made import Return


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def standing(self) -> Self:
        """Those that were not recorded by mistake."""
        return self.filter(withdrawn_at=None)


class Dispatch(Kept):
    """One row is that one certified revision went to the funder, and that it was accepted; the return stays as it is.

    Days are the day in England on which it happened, not on which it was recorded. What was recorded by mistake is
    withdrawn with a reason and stays on record; at most one row of a return stands.
    """

    class Way(models.TextChoices):
        PORTAL = "portal", "In the funder’s portal"
        EMAIL = "email", "By e-mail"
        POST = "post", "By post"

    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="dispatches")
    sent_on = models.DateField()
    way = models.CharField("how", max_length=6, choices=Way)
    funder_reference = models.CharField(max_length=80, blank=True)
    accepted_on = models.DateField(null=True, blank=True)
    acceptance_reference = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(blank=True)

    objects = DispatchQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["the_return", "sent_on", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["the_return"],
                condition=Q(withdrawn_at=None),
                name="dispatch_one_stands",
                violation_error_message="This return is recorded as sent already.",
            ),
            models.CheckConstraint(
                condition=Q(accepted_on=None, acceptance_reference="") | Q(accepted_on__gte=F("sent_on")),
                name="dispatch_accepted_once_sent",
                violation_error_message="A return is accepted on the day it was sent or later.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="dispatch_withdrawn_with_a_reason",
                violation_error_message="What was recorded by mistake is taken back with a reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.the_return}, sent {self.sent_on.isoformat()}"


class FunderQueryQuerySet(models.QuerySet["FunderQuery"]):
    def standing(self) -> Self:
        """Those that were not recorded by mistake."""
        return self.filter(withdrawn_at=None)

    def open(self) -> Self:
        """Those of which the end is not recorded yet, answered or not."""
        return self.standing().filter(outcome="")


class FunderQuery(Kept):
    """One row is a question of the funder about a return that was sent, its answer, and how it ended.

    The return stays as it is. Days are those on which it happened. Who asked is a role title; nobody is named.
    """

    class Outcome(models.TextChoices):
        STANDS = "stands", "Answered: the figures stand"
        DISALLOWED = "disallowed", "Cost was disallowed"
        REVISION = "revision", "Returned for revision"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="queries")
    asked_on = models.DateField()
    asked_by_title = models.CharField("asked by", max_length=120, help_text="A role title, no name.")
    question = models.TextField()
    due_on = models.DateField("answer due")
    answered_on = models.DateField(null=True, blank=True)
    answer = models.TextField(blank=True)
    ended_on = models.DateField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    outcome_words = models.TextField(blank=True)
    disallowance = models.CharField(max_length=40, blank=True, help_text="The reference of what was disallowed.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(blank=True)

    objects = FunderQueryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["dispatch", "asked_on", "reference"]
        verbose_name_plural = "funder queries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(due_on__gte=F("asked_on")),
                name="funder_query_due_after_it_was_asked",
                violation_error_message="An answer is due on the day of the question or later.",
            ),
            models.CheckConstraint(
                condition=Q(answered_on=None, answer="")
                | (Q(answered_on__isnull=False, answered_on__gte=F("asked_on")) & ~Q(answer="")),
                name="funder_query_answered_after_it_was_asked",
                violation_error_message="An answer has its words, and a day on or after the question.",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None, outcome="")
                | (Q(ended_on__isnull=False, ended_on__gte=F("asked_on")) & ~Q(outcome="")),
                name="funder_query_ended_with_an_outcome",
                violation_error_message="A query ends with an outcome, on or after the day of the question.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="stands") | Q(answered_on__isnull=False),
                name="funder_query_stands_once_answered",
                violation_error_message="Figures stand once the question is answered.",
            ),
            models.CheckConstraint(
                condition=(Q(outcome="disallowed") & ~Q(disallowance=""))
                | (~Q(outcome="disallowed") & Q(disallowance="")),
                name="funder_query_disallowed_names_it",
                violation_error_message="Name what was disallowed where cost was, and only there.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="funder_query_withdrawn_with_a_reason",
                violation_error_message="What was recorded by mistake is taken back with a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("returns:query", args=[self.dispatch.the_return_id, self.reference])

    @property
    def standing_words(self) -> str:
        """Where it stands, in a word or two."""
        if self.withdrawn_at is not None:
            return "Taken back"
        if self.outcome:
            return self.get_outcome_display()
        return "Answered" if self.answered_on else "To be answered"


class QueryFile(Kept):
    """One row is a file that came with a query or went with its answer."""

    query = models.ForeignKey(FunderQuery, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="query_files")

    class Meta:
        ordering: ClassVar = ["query", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["query", "file"],
                name="query_file_once",
                violation_error_message="This file is attached already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.query} {self.file}"
