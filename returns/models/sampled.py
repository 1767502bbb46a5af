"""What an auditor drew from the claimed lines, and what each of them turned out to be."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from board.models import Programme, Quarter, Role, User
from board.rows import Kept
from core.money import PenceField
from funding.models import ClaimLine, SpendLine


class SampleQuerySet(models.QuerySet["Sample"]):
    def visible_to(self, user: User) -> Self:
        """All of a programme for its auditors; the finished ones for the recipient's officers."""
        role = user.acting
        if role is None:
            return self.none()
        mine = self.filter(programme__in=Programme.objects.visible_to(user))
        if role.kind == Role.Kind.AUDITOR:
            return mine
        if role.kind not in (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER, Role.Kind.CFO):
            return self.none()
        return mine.filter(programme__recipient=role.organisation).exclude(finished_at=None)


class Sample(Kept):
    """One row is an auditor's draw from the lines of certified claims: from which, by what rule, with what seed.

    `lines`, `total` and `population_hash` tell what it was drawn from: how many lines, their cost, and SHA-256 over
    their references and costs. The same lines and seed give the same draw.
    """

    reference = models.CharField(max_length=20, unique=True, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="samples")
    first_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    last_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=200)
    over = PenceField(null=True, blank=True, help_text="Every line of more than this is in the sample.")
    at_random = models.PositiveIntegerField(default=0)
    seed = models.CharField(max_length=64)
    population_lines = models.PositiveIntegerField()
    population_total = PenceField()
    population_hash = models.CharField(max_length=64)
    conclusion = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(over__isnull=False) | Q(at_random__gt=0),
                name="sample_draws_something",
                violation_error_message="Say above which amount, how many at random, or both.",
            ),
            models.CheckConstraint(
                condition=Q(over=None) | Q(over__gte=0),
                name="sample_over_is_not_negative",
                violation_error_message="The amount above which every line is taken is nought or more.",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | ~Q(conclusion=""),
                name="sample_finished_with_a_conclusion",
                violation_error_message="A finished sample has its conclusion.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("returns:sample", args=[self.reference])


class SampleLine(Kept):
    """One row is a line in a sample: why it was drawn, what it was claimed at, and what the auditor found.

    `exception` is by how many pounds the claimed cost is wrong, above nought where too much was claimed.
    """

    class Why(models.TextChoices):
        OVER = "over", "Above the amount"
        RANDOM = "random", "At random"

    class Result(models.TextChoices):
        AGREED = "agreed", "Agreed"
        NOTED = "noted", "Agreed, with a note"
        EXCEPTION = "exception", "Exception"

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    line = models.ForeignKey(SpendLine, on_delete=models.PROTECT, related_name="+")
    claim_line = models.ForeignKey(ClaimLine, on_delete=models.PROTECT, related_name="+")
    cost = PenceField()
    why = models.CharField(max_length=8, choices=Why)
    result = models.CharField(max_length=10, choices=Result, blank=True)
    words = models.TextField(blank=True)
    exception = PenceField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["sample", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "line"], name="sample_line_once"),
            models.UniqueConstraint(fields=["sample", "number"], name="sample_line_number_once"),
            models.CheckConstraint(
                condition=Q(result__in=["", "agreed"]) | ~Q(words=""),
                name="sample_line_note_has_words",
                violation_error_message="A note and an exception say what was found.",
            ),
            models.CheckConstraint(
                condition=(Q(result="exception") & Q(exception__isnull=False) & ~Q(exception=0))
                | (~Q(result="exception") & Q(exception=None)),
                name="sample_line_exception_has_its_amount",
                violation_error_message="An exception, and nothing else, has the amount by which the claim is wrong.",
            ),
            models.CheckConstraint(
                condition=Q(exception=None)
                | Q(cost__gte=0, exception__lte=F("cost"))
                | Q(cost__lt=0, exception__gte=F("cost")),
                name="sample_line_exception_within_its_cost",
                violation_error_message="A line cannot be wrong by more than it claims.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sample} line {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("returns:sample-line", args=[self.sample.reference, self.number])
