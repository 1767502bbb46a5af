"""Who reports what, from when to when."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from board.models import Organisation, Programme, Project, Quarter, User
from board.rows import Kept
from contracts.models import Contract
from kpis.models.definitions import Dimension, Kpi
from kpis.models.visibility import whole_view


class DutyQuerySet(models.QuerySet["Duty"]):
    def visible_to(self, user: User) -> Self:
        """A reporter's own, unless their provider keeps it to others.

        All of a programme for its recipient's officers and for auditors.
        """
        mine = whole_view(user)
        if mine is None:
            return self.none()
        return self.filter(mine, project__programme__in=Programme.objects.visible_to(user))

    def in_force(self, quarter: Quarter) -> Self:
        """The duties that run in a quarter of their own programme."""
        return self.filter(
            project__programme=quarter.programme_id,
            first_quarter__first_day__lte=quarter.first_day,
            last_quarter__first_day__gte=quarter.first_day,
        )

    def of_contract(self, contract: Contract) -> Self:
        """Those that name the contract, and its provider’s for its projects that name none."""
        projects = contract.values.values("project")
        own = Q(contract=None, organisation=contract.provider_id, project__in=projects)
        return self.filter(Q(contract=contract) | own)


class Duty(Kept):
    """One row is an organisation's duty to report measures of a project, from a quarter to a quarter."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="duties")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="duties")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="duties")
    reference = models.CharField(max_length=60, unique=True)
    first_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    last_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")

    objects = DutyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        verbose_name_plural = "duties"

    def __str__(self) -> str:
        return f"{self.project.name}, {self.organisation.short_name}"


class DutyMeasure(models.Model):
    """One row is a measure that a duty asks for, with the breakdowns that are ticked."""

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="measures")
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="duty_measures")
    dimensions = models.ManyToManyField(Dimension, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["duty", "kpi__code"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["duty", "kpi"], name="measure_once_a_duty")]

    def __str__(self) -> str:
        return f"{self.duty.reference} {self.kpi.code}"
