"""The base table and its columns: money, counts, dates, statuses. The markup is templates/django_tables2/govuk.html.

A total is that of all rows behind the table, filtered but not cut into pages, and is worked out by the database.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.forms import day_in_words, moment_in_words
from core.money import in_words


class Column(tables.Column):
    """Text. `linkify` as in django-tables2: True, (url name, [A("reference")]) or a function of the record."""

    numeric = False
    nowrap = False
    # True for text that may hold hashes and paths, which break where they must.
    breaks = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"a": {"class": "govuk-link"}})
        super().__init__(*args, **kwargs)

    def value(self, record: Any, value: Any) -> Any:
        """What the download of the list holds: the text as it is shown."""
        return str(value)


class ShortColumn(Column):
    """Text that is not broken into lines."""

    nowrap = True


class TotalledColumn(Column):
    """A number. With `total=True` the foot of the table shows the sum over all rows."""

    numeric = True

    def __init__(self, *args: Any, total: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.total = total
        if total:
            self._footer = self.total_in_words

    def in_words(self, value: Any) -> str:
        raise NotImplementedError

    def render(self, value: Any) -> str:
        return self.in_words(value)

    def value(self, record: Any, value: Any) -> Any:
        return value

    def total_in_words(self, bound_column: tables.columns.BoundColumn, table: "Table") -> str:
        return self.in_words(table.totals.get(bound_column.name))


class MoneyColumn(TotalledColumn):
    """Pounds: £1,234.50, credits with a minus."""

    def in_words(self, value: Decimal | None) -> str:
        return in_words(value or Decimal("0.00"))


class CountColumn(TotalledColumn):
    """A whole number: 12,345."""

    def in_words(self, value: int | None) -> str:
        return f"{value or 0:,}"


class DayColumn(Column):
    """A date, or the local date of a moment: 3 April 2023."""

    nowrap = True

    def render(self, value: date) -> str:
        return day_in_words(timezone.localtime(value) if isinstance(value, datetime) else value)

    def value(self, record: Any, value: date) -> date:
        return timezone.localtime(value).date() if isinstance(value, datetime) else value


class MomentColumn(Column):
    """A date and time of day, local: 3 April 2023 at 14:05."""

    nowrap = True

    def render(self, value: datetime) -> str:
        return moment_in_words(value)

    def value(self, record: Any, value: datetime) -> datetime:
        return timezone.localtime(value).replace(tzinfo=None, microsecond=0)


class TagColumn(Column):
    """A status as a coloured tag: the label of its choice, the colour by its slug.

    `labels` gives the words where the row is no model or the field has no choices.
    """

    nowrap = True

    def __init__(
        self,
        *args: Any,
        colours: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.colours = dict(colours or {})
        self.labels = dict(labels or {})

    def label(self, value: Any) -> str:
        return str(self.labels.get(value, value))

    def render(self, record: Any, value: Any) -> SafeString:
        # A choice arrives as its label; the colour goes by the slug that is stored.
        colour = self.colours.get(str(self.accessor.resolve(record)), "")
        extra = f" govuk-tag--{colour}" if colour else ""
        return format_html('<strong class="govuk-tag{}">{}</strong>', extra, self.label(value))

    def value(self, record: Any, value: Any) -> str:
        return self.label(value)


class Table(tables.Table):
    """The base of every list. A subclass says `caption`, its columns, and in Meta perhaps `order_by`.

    `data` is a queryset, or a list of dicts or dataclasses where the rows are worked out.
    """

    caption = ""
    # True where the page's heading says the same: it is then for screen readers alone.
    caption_hidden = False
    empty_text = "There is nothing to show."

    def __init__(self, data: Any = None, *, caption: str = "", empty_text: str = "", **kwargs: Any) -> None:
        self.caption = caption or self.caption
        super().__init__(data, empty_text=empty_text or type(self).empty_text, **kwargs)

    @property
    def order_by(self) -> Any:
        return super().order_by

    @order_by.setter
    def order_by(self, value: Any) -> None:
        """Order as asked; rows that tie keep one order from page to page."""
        tables.Table.order_by.fset(self, value)  # type: ignore[attr-defined]
        data = self.data.data
        if isinstance(data, QuerySet) and data.query.order_by and not {"pk", "-pk"} & set(data.query.order_by):
            self.data.data = data.order_by(*data.query.order_by, "pk")

    @property
    def caption_id(self) -> str:
        return f"{self.prefix or ''}caption"

    @property
    def totals(self) -> dict[str, Any]:
        """The sum of each column that asked for one, by column name; one query for all."""
        if not hasattr(self, "_totals"):
            self._totals = self.work_out_totals()
        return self._totals

    def work_out_totals(self) -> dict[str, Any]:
        """Override where the total is no plain sum of the column, say with the queryset's own `total()`."""
        wanted = {column.name: column.accessor for column in self.columns if getattr(column.column, "total", False)}
        rows = self.data.data
        if not wanted:
            return {}
        if isinstance(rows, QuerySet):
            # Numbered names, since a total may not be called as a field of the model is.
            named = {f"total_{i}": name for i, name in enumerate(wanted)}
            sums = rows.order_by().aggregate(
                **{key: Sum(wanted[name].replace(".", "__")) for key, name in named.items()}
            )
            return {named[key]: value for key, value in sums.items()}
        found = {name: [accessor.resolve(row) for row in rows] for name, accessor in wanted.items()}
        return {name: sum(value for value in values if value is not None) for name, values in found.items()}

    def download_rows(self) -> Iterator[list[Any]]:
        """The headers, then every row (all pages) as plain values, for core.download."""
        columns = [column for column in self.columns if not column.column.exclude_from_export]
        yield [str(column.header) for column in columns]
        for row in self.rows:
            yield [_plain(row.get_cell_value(column.name)) for column in columns]


def _plain(value: Any) -> Any:
    """A missing cell's dash is for the screen alone."""
    return None if value in ("", "—") else value
