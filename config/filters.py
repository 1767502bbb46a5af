"""The filters of the front floor's lists."""

from django.db.models import QuerySet
from django_filters import CharFilter

from board.models import Event
from core.filters import DayFilter, Filters


class EventFilters(Filters):
    """By act, subject and day."""

    act = CharFilter(method="act_as_shown", label="Act")
    subject = CharFilter(lookup_expr="icontains", label="Subject")
    from_day = DayFilter(field_name="at", lookup_expr="date__gte", label="From")
    to_day = DayFilter(field_name="at", lookup_expr="date__lte", label="To")

    def act_as_shown(self, rows: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        """Acts are stored as codes, and searched for as the list shows them: "close money"."""
        return rows.filter(act__icontains=value.strip().replace(": ", ".").replace(" ", "-"))

    class Meta:
        model = Event
        fields = ("act", "subject")
