"""The filters of the front floor's lists."""

from django_filters import CharFilter

from board.models import Event
from core.filters import DayFilter, Filters


class EventFilters(Filters):
    """By act, subject and day."""

    act = CharFilter(lookup_expr="icontains", label="Act")
    subject = CharFilter(lookup_expr="icontains", label="Subject")
    from_day = DayFilter(field_name="at", lookup_expr="date__gte", label="From")
    to_day = DayFilter(field_name="at", lookup_expr="date__lte", label="To")

    class Meta:
        model = Event
        fields = ("act", "subject")
