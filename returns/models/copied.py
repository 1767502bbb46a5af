"""The figures that are copied by hand into a funder's portal: their order, and which of them were copied."""

from typing import ClassVar

from django.db import models

from board.models import Programme, User
from board.rows import Kept
from returns.models.made import Return, kind_choices


class CopyOrder(models.Model):
    """One row is one version of which figures of a kind of return a portal asks for, and in which order.

    It never changes; the last one counts. `entries` is its JSON as text: a list of `{key, label}`.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="copy_orders")
    kind = models.CharField("kind of return", max_length=20, choices=kind_choices)
    number = models.PositiveIntegerField()
    entries = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["programme", "kind", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "kind", "number"], name="copy_order_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.programme.code} {self.kind}, order {self.number}"


class CopyTick(Kept):
    """One row is that a figure of one revision was copied, or was ticked by mistake and is not (`done`).

    `value` is what was copied, as the portal took it: where the return says something else by now, it counts no more.
    """

    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="copy_ticks")
    key = models.CharField(max_length=200)
    value = models.TextField()
    done = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["the_return", "key"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["the_return", "key"], name="copy_tick_once_a_figure")]

    def __str__(self) -> str:
        return f"{self.the_return} {self.key}"
