"""The funder's own workbooks, and which cell of them takes which figure."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from board.models import Programme, Role, StoredFile, User
from board.rows import Kept
from returns.models.made import kind_choices


class FunderTemplateQuerySet(models.QuerySet["FunderTemplate"]):
    def visible_to(self, user: User) -> Self:
        """For the recipient's finance and commissioning officers, who fill it, and for auditors."""
        role = user.acting
        if role is None:
            return self.none()
        mine = self.filter(programme__in=Programme.objects.visible_to(user))
        if role.kind == Role.Kind.AUDITOR:
            return mine
        if role.kind in (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER):
            return mine.filter(programme__recipient=role.organisation)
        return self.none()


class FunderTemplate(Kept):
    """One row is one edition of a workbook that the funder wants filled from a kind of return of a programme.

    The file is as the funder sent it and never changes; another file is another edition.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="templates")
    kind = models.CharField("kind of return", max_length=20, choices=kind_choices)
    title = models.CharField(max_length=80)
    edition = models.CharField(max_length=40, help_text="As the funder calls it, for example “v2, April 2024”.")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="funder_templates")
    valid_from = models.DateField(help_text="The first day of the first quarter that it is for.")
    valid_to = models.DateField(null=True, blank=True, help_text="The last day of the last quarter that it is for.")

    objects = FunderTemplateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["programme", "title", "-valid_from", "edition"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "title", "edition"],
                name="funder_template_edition_once",
                violation_error_message="This edition of the template is registered already.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=models.F("valid_from")),
                name="funder_template_ends_after_it_begins",
                violation_error_message="A template is valid to a day on or after its first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.edition}"

    def get_absolute_url(self) -> str:
        return reverse("returns:template", args=[self.pk])


class TemplateMap(models.Model):
    """One row is one version of which cell of a template takes which figure. It never changes; the last one counts.

    `entries` is its JSON as text, so that the same map has the same bytes and hash everywhere.
    """

    the_template = models.ForeignKey(FunderTemplate, on_delete=models.PROTECT, related_name="maps")
    number = models.PositiveIntegerField()
    entries = models.TextField()
    sha256 = models.CharField("SHA-256", max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["the_template", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["the_template", "number"], name="template_map_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.the_template}, map {self.number}"
