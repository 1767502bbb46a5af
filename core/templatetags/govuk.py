"""Tags and filters of the templates: money, dates, status tags, error summaries."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms, template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.forms import day_in_words
from core.money import in_words

register = template.Library()


@dataclass(frozen=True)
class SummaryItem:
    """One line of an error summary; `anchor` is the id of the box that it is about, or empty."""

    message: str
    anchor: str = ""


def errors_of(source: Any) -> list[SummaryItem]:
    """All errors of a form or a formset, those about no field first, each with its box."""
    if not source:  # None, or the empty text that a template makes of a missing name
        return []
    if isinstance(source, forms.BaseFormSet):
        if not source.is_bound:
            return []
        found = [SummaryItem(str(message)) for message in source.non_form_errors()]
        return found + [item for form in source.forms for item in errors_of(form)]
    if not source.is_bound:
        return []
    found = [SummaryItem(str(message)) for message in source.non_field_errors()]
    for name in source.fields:
        bound = source[name]
        anchor = "" if bound.is_hidden else bound.anchor
        found += [SummaryItem(str(message), anchor) for message in bound.errors]
    return found


@register.inclusion_tag("components/error_summary.html")
def error_summary(*sources: Any) -> dict[str, Any]:
    """The error summary of forms and formsets, in the order given; nothing where nothing is wrong."""
    items = [item for source in sources for item in errors_of(source)]
    return {"items": list(dict.fromkeys(items))}


@register.simple_tag
def has_errors(*sources: Any) -> bool:
    """Whether the page's title should begin with "Error:"."""
    return any(errors_of(source) for source in sources)


@register.filter
def money(amount: Decimal | None) -> str:
    """£1,234.50; empty for None."""
    return in_words(amount)


@register.filter
def day(value: date | None) -> str:
    """3 April 2023, of a date or of a moment in the local time zone; empty for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return day_in_words(value)


@register.filter
def moment(value: datetime | None) -> str:
    """3 April 2023 at 14:05, in the local time zone; empty for None."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{day_in_words(local)} at {local:%H:%M}"


@register.filter
def count(value: int | None) -> str:
    """12,345; empty for None."""
    return "" if value is None else f"{value:,}"


@register.simple_tag
def tag(text: str, colour: str = "") -> SafeString:
    """A status as a GOV.UK tag. Colours: grey, green, teal, blue, purple, magenta, red, orange, yellow."""
    extra = f" govuk-tag--{colour}" if colour else ""
    return format_html('<strong class="govuk-tag{}">{}</strong>', extra, text)
