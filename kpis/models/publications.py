"""What has gone to readers who keep it."""

from typing import ClassVar

from django.db import models

from board.models import Programme, Quarter
from kpis.kinds import Profile


class Publication(models.Model):
    """One row is that a report of a quarter's results was issued, and what it hid. Never changed.

    `hidden` is, by the code of each project, the keys of `kpis/hiding.py` that its readers were not shown; every
    other figure that stood then they know, or may know.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="publications")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    profile = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Profile])
    reference = models.CharField(max_length=80, unique=True, help_text="Reference of the return, as text.")
    at = models.DateTimeField()
    hidden = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["programme", "at", "reference"]

    def __str__(self) -> str:
        return self.reference

    def keys_of(self, project_code: str) -> frozenset[tuple[str, ...]]:
        """The keys of what it hid of a project."""
        return frozenset(tuple(key) for key in self.hidden.get(project_code, []))
