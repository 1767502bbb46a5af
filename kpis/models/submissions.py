"""What was handed in for a quarter, and the questions about it."""

from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from board.models import Programme, Quarter, User
from board.rows import Kept
from kpis.kinds import Section
from kpis.models.duties import Duty


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: User) -> Self:
        """Those of the duties that the person may see."""
        return self.filter(duty__in=Duty.objects.visible_to(user))

    def in_programme(self, programme: Programme) -> Self:
        return self.filter(duty__project__programme=programme)

    def in_force(self) -> Self:
        """Of each duty and quarter the one whose figures count: the accepted, else the one handed in."""
        accepted = self.model.objects.filter(
            duty=models.OuterRef("duty"), quarter=models.OuterRef("quarter"), status="accepted"
        )
        return self.filter(Q(status="accepted") | (Q(status__in=["submitted", "queried"]) & ~models.Exists(accepted)))

    def latest(self) -> Self:
        """Of each duty and quarter the newest revision, whatever its state."""
        newer = self.model.objects.filter(
            duty=models.OuterRef("duty"), quarter=models.OuterRef("quarter"), revision__gt=models.OuterRef("revision")
        )
        return self.filter(~models.Exists(newer))


class Submission(Kept):
    """One row is what a duty reports for a quarter; a revision is a new row, which supersedes when accepted."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        QUERIED = "queried", "Queried"
        ACCEPTED = "accepted", "Accepted"
        SUPERSEDED = "superseded", "Superseded"
        WITHDRAWN = "withdrawn", "Withdrawn"

    OPEN_STATUSES: ClassVar = (Status.DRAFT, Status.SUBMITTED, Status.QUERIED)
    EDITABLE: ClassVar = (Status.DRAFT, Status.QUERIED)

    reference = models.CharField(max_length=120, unique=True)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="submissions")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="submissions")
    revision = models.PositiveSmallIntegerField(default=1)
    revision_reason = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    # A revision that was begun by mistake stays as a row, and is of no effect.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_reason = models.TextField(blank=True)
    # Whether it came after the provider's due date, as stood when it was first submitted.
    late = models.BooleanField(default=False)
    late_reason = models.TextField(blank=True)
    after_close = models.BooleanField(default=False, help_text="Some of its figures came when results were closed.")
    changed_reason = models.TextField(
        blank=True, help_text="Why figures that had been handed in were changed after results were closed."
    )
    # Where more time was granted, the day that takes the place of the quarter's.
    extended_to = models.DateField(null=True, blank=True)
    section_versions = models.JSONField(
        default=dict, blank=True, help_text="Section -> the version with which it was last saved."
    )
    first_reported_in = models.CharField(max_length=80, blank=True, help_text="Reference of the return, as text.")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["duty", "quarter", "revision"], name="submission_revision_once"),
            models.UniqueConstraint(
                fields=["duty", "quarter"],
                condition=Q(status__in=["draft", "submitted", "queried"]),
                name="submission_one_open",
                violation_error_message="These results are being revised already.",
            ),
            models.UniqueConstraint(
                fields=["duty", "quarter"], condition=Q(status="accepted"), name="submission_one_accepted"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "submitted", "queried", "accepted", "superseded", "withdrawn"]),
                name="submission_status_known",
                violation_error_message="It is a draft, submitted, queried, accepted, superseded or withdrawn.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"], submitted_at=None, submitted_by=None)
                | (~Q(status="draft") & Q(submitted_at__isnull=False, submitted_by__isnull=False)),
                name="submission_submitted_by_someone",
                violation_error_message="Only a draft has not been submitted by someone at some time.",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["draft", "submitted", "queried", "withdrawn"], accepted_at=None, accepted_by=None
                )
                | Q(status__in=["accepted", "superseded"], accepted_at__isnull=False, accepted_by__isnull=False),
                name="submission_accepted_by_someone",
                violation_error_message="What is accepted names who accepted it and when; nothing else does.",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | ~Q(accepted_by=F("submitted_by")),
                name="submission_not_accepted_by_its_submitter",
                violation_error_message="Someone other than the person who submitted it must accept it.",
            ),
            models.CheckConstraint(
                condition=(Q(status="superseded") & Q(superseded_at__isnull=False))
                | (~Q(status="superseded") & Q(superseded_at=None)),
                name="submission_superseded_at_a_time",
                violation_error_message="What is superseded, and nothing else, has the time when it was.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="withdrawn", withdrawn_at__isnull=False, withdrawn_by__isnull=False, revision__gt=1)
                    & ~Q(withdrawn_reason="")
                )
                | (~Q(status="withdrawn") & Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")),
                name="submission_withdrawn_by_someone",
                violation_error_message="Only a revision is withdrawn, by someone, at some time and for a reason.",
            ),
            models.CheckConstraint(
                condition=Q(revision=1, revision_reason="") | (Q(revision__gt=1) & ~Q(revision_reason="")),
                name="submission_revision_has_a_reason",
                violation_error_message="Give the reason for the revision.",
            ),
            models.CheckConstraint(
                condition=Q(late=False) | ~Q(late_reason=""),
                name="submission_late_has_a_reason",
                violation_error_message="Say why it is late.",
            ),
            models.CheckConstraint(
                condition=Q(after_close=False) | ~Q(late_reason="") | ~Q(changed_reason=""),
                name="submission_after_close_has_a_reason",
                violation_error_message="Say why these figures come after results were closed.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def due_on(self) -> date:
        """The day until which its supplier has time."""
        return self.extended_to or self.quarter.provider_due_on

    @property
    def may_change(self) -> bool:
        """Whether its figures may be changed, its quarter allowing."""
        return self.status in self.EDITABLE


class Correction(models.Model):
    """One row is what a supplier has put in place of one figure of a queried submission.

    What was handed in counts until it is handed in again; then corrections become results and are gone.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="corrections")
    slot = models.CharField(max_length=60, help_text="The key of the figure, as in kpis/asking.py.")
    boxes = models.JSONField(default=dict, blank=True, help_text="What its boxes hold; none: the figure is taken away.")

    class Meta:
        ordering: ClassVar = ["submission", "slot"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "slot"], name="correction_once_a_figure")
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} {self.slot}"


class Confirmation(models.Model):
    """One row is somebody's word that a text names nobody, which they were asked because it looked as if it might.

    What it looked like is kept nowhere. `mark` tells whether the text is still the one that was confirmed.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="confirmations")
    place = models.CharField(max_length=60, help_text="The key of the figure, as in kpis/asking.py, or a field.")
    mark = models.CharField(max_length=64, help_text="SHA-256 of the text.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["submission", "at", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "place", "mark"], name="confirmation_once_a_text")
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} {self.place}"


class SubmissionQuery(models.Model):
    """One row is a question about a section of a submission, and its answer."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="queries")
    section = models.CharField(max_length=20, choices=Section)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["submission", "at", "section"]
        verbose_name_plural = "submission queries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="submission_query_has_a_reason",
                violation_error_message="Say what the supplier should look at.",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="submission_query_answered_by_someone",
                violation_error_message="An answer names who gave it and when.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} {self.section}"


class Extension(models.Model):
    """One row is more time that a supplier asked for, and what was decided."""

    class Status(models.TextChoices):
        ASKED = "asked", "Asked"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="extensions")
    until = models.DateField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    words = models.TextField(blank=True, help_text="What the officer says with the decision.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["submission", "at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(status="asked"),
                name="extension_one_asked",
                violation_error_message="More time was asked for already and is not decided yet.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="extension_has_a_reason",
                violation_error_message="Say why more time is needed.",
            ),
            models.CheckConstraint(
                condition=Q(status="asked", decided_by=None, decided_at=None, words="")
                | Q(status__in=["granted", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="extension_decided_by_someone",
                violation_error_message="What is granted or refused names who decided and when; nothing else does.",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(words=""),
                name="extension_refused_with_words",
                violation_error_message="Say why more time is refused.",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("by")),
                name="extension_not_decided_by_its_asker",
                violation_error_message="Someone other than the person who asked must decide.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} until {self.until}"
