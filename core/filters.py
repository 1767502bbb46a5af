"""The base of the filters beside the lists, and the filters that read dates and pounds as the forms do."""

from typing import Any

import django_filters
from django import forms

from core.forms import DayField, FilterForm, MomentField
from core.money import MoneyFormField, PenceField


class DayFilter(django_filters.Filter):
    """One box for a date, read day first. `lookup_expr` "gte" for "from", "lte" for "to"."""

    field_class = DayField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "")
        super().__init__(*args, **kwargs)


class MomentFilter(django_filters.Filter):
    """One box for a day and perhaps a time of day."""

    field_class = MomentField


class MoneyFilter(django_filters.Filter):
    """One box for pounds."""

    field_class = MoneyFormField


class Filters(django_filters.FilterSet):
    """The base of every list's filters. The choice of none reads "All"."""

    class Meta:
        form = FilterForm
        filter_overrides = {PenceField: {"filter_class": MoneyFilter}}

    def get_form_class(self) -> type[forms.Form]:
        # A subclass with its own Meta would lose the base's form, so it is named here once more.
        fields = {name: filter_.field for name, filter_ in self.filters.items()}
        for field in fields.values():
            if getattr(field, "empty_label", None) == "---------":
                field.empty_label = "All"
        return type(f"{type(self).__name__}Form", (FilterForm,), fields)
