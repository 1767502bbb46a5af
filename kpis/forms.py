"""The forms of a submission. They hand on what was typed, as it was typed; `kpis/answers.py` reads it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import format_html

from board.models import Programme, Quarter, User
from board.quarters import RESULTS, open_quarters
from core.forms import LONGEST_TEXT, ActForm, DayField, VersionedForm
from kpis.aggregation import Cell
from kpis.asking import Slot
from kpis.kinds import FigureType, Section
from kpis.models import Category, Dimension, Result

_LABELS = {
    "numerator": "Number",
    "denominator": "Out of",
    "people_quarter": "In the quarter",
    "people_year": "In the year so far",
    "people_programme": "Since the programme began",
    "total": "Sum of all values",
    "n": "Number of cases",
    "median": "Middle value",
    "forecast_on": "Date expected",
    "met_on": "Date met",
}
_NUMBER = {"class": "govuk-input--width-5", "inputmode": "numeric", "autocomplete": "off"}
_DECIMAL = {"class": "govuk-input--width-5", "inputmode": "decimal", "autocomplete": "off"}
_DAY = {"class": "govuk-input--width-10", "autocomplete": "off"}


@dataclass(frozen=True)
class PartRow:
    """One category of a breakdown: its boxes, and last quarter's figures."""

    category: Category
    boxes: Sequence[BoundField]


@dataclass(frozen=True)
class PartTable:
    """One breakdown of a slot."""

    dimension: Dimension
    columns: Sequence[str]
    rows: Sequence[PartRow]


@dataclass(frozen=True)
class SlotFields:
    """All that a page shows to fill one slot."""

    slot: Slot
    boxes: Sequence[BoundField]
    tables: Sequence[PartTable]
    extras: Sequence[BoundField]
    last: str
    open_extras: bool


def _box(slot: Slot, column: str, label: str) -> forms.Field:
    """A plain text box: what cannot be read is refused by the act, in words, with nothing lost."""
    kind = slot.figure_type
    if kind == FigureType.TEXT:
        return forms.CharField(
            label=label, required=False, widget=forms.Textarea(attrs={"rows": 6}), max_length=LONGEST_TEXT
        )
    if kind == FigureType.YES_NO:
        choices = [("yes", "Yes"), ("no", "No")]
        return forms.ChoiceField(label=label, required=False, choices=choices, widget=forms.RadioSelect)
    if kind == FigureType.RATING:
        choices = [("", "Choose"), *Result.Rating.choices]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    if kind == FigureType.MILESTONE:
        hint = "For example, 3 April 2023"
        return forms.CharField(label=label, required=False, help_text=hint, widget=forms.TextInput(attrs=_DAY))
    attrs = _DECIMAL if column in ("scaled", "total", "median") else _NUMBER
    return forms.CharField(label=label, required=False, widget=forms.TextInput(attrs=dict(attrs)))


class SectionForm(VersionedForm):
    """The boxes of one section. `last`: KPI code -> last quarter's figure in words. `lengths`: how much to write."""

    marks_optional = False

    def __init__(
        self, *args: Any, slots: Sequence[Slot], last: Mapping[str, str], lengths: str = "", **kwargs: Any
    ) -> None:
        self.slots = slots
        self.last = last
        self.lengths = lengths
        super().__init__(*args, **kwargs)
        for slot in slots:
            self._add(slot)

    def _add(self, slot: Slot) -> None:
        single = len(slot.columns) == 1
        for column in slot.columns:
            label = f"{slot.name} ({slot.code})" if single else _LABELS[column]
            self.fields[slot.box(column)] = _box(slot, column, label)
            if slot.figure_type == FigureType.TEXT:
                self.fields[slot.box(column)].help_text = self.lengths
        for dimension, categories in slot.dimensions:
            for category in categories:
                for column in slot.columns:
                    label = f"{slot.name}, {dimension.name.lower()}: {category.name}"
                    label = label if single else f"{label}, {_LABELS[column].lower()}"
                    self.fields[slot.part_box(category, column)] = _box(slot, column, label)
        if slot.figure_type != FigureType.TEXT:
            self._add_extras(slot)

    def _add_extras(self, slot: Slot) -> None:
        area = forms.Textarea(attrs={"rows": 2})
        self.fields[f"{slot.key}.comment"] = forms.CharField(
            label="Comment", required=False, widget=area, max_length=LONGEST_TEXT
        )
        self.fields[f"{slot.key}.estimated"] = forms.BooleanField(
            label="This is an estimate", required=False, help_text="Say in the comment where it comes from."
        )
        self.fields[f"{slot.key}.absence"] = forms.CharField(
            label="If there is no figure yet, why not",
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            max_length=LONGEST_TEXT,
        )
        self.fields[f"{slot.key}.expected"] = forms.CharField(
            label="When the figure is expected",
            required=False,
            help_text="For example, 3 April 2023",
            widget=forms.TextInput(attrs=_DAY),
        )

    def set_beside(self, stored: Mapping[str, str]) -> None:
        """Show what is saved now under each box that differs. `stored`: what the boxes would show, by name.

        A box that was left empty takes what is saved, so that saving again takes nobody's figure away by accident.
        """
        self.data = self.data.copy()
        for name, typed in self.figures().items():
            now = stored.get(name, "").strip()
            if typed.strip() == now:
                continue
            if not typed.strip():
                self.data[self.add_prefix(name)] = now
                self[name].help_text = "Saved meanwhile; it was empty on your page."
            else:
                said = "nothing" if not now else "ticked" if now == "on" else now
                self[name].help_text = format_html("Saved now: {}", said)

    def figures(self) -> dict[str, str]:
        """What was typed, by box, for the act."""
        return {
            name: ("on" if value else "") if isinstance(value, bool) else value or ""
            for name, value in self.cleaned_data.items()
            if name != "version"
        }

    def slot_fields(self) -> Iterator[SlotFields]:
        """Slot by slot, for the template."""
        for slot in self.slots:
            names = [f"{slot.key}.{name}" for name in ("comment", "estimated", "absence", "expected")]
            extras = [self[name] for name in names if name in self.fields]
            yield SlotFields(
                slot,
                [self[slot.box(column)] for column in slot.columns],
                [self._table(slot, dimension, categories) for dimension, categories in slot.dimensions],
                extras,
                self.last.get(slot.key, ""),
                any(field.errors or field.value() for field in extras),
            )

    def _table(self, slot: Slot, dimension: Dimension, categories: Sequence[Category]) -> PartTable:
        single = len(slot.columns) == 1
        return PartTable(
            dimension,
            ["Number"] if single else [_LABELS[column] for column in slot.columns],
            [PartRow(row, [self[slot.part_box(row, column)] for column in slot.columns]) for row in categories],
        )


class SubmitForm(VersionedForm):
    """Handing in; why it is late, or why it changes what was handed in `again`, is asked only where it is `late`.

    `asked`: place and name of each text of which the person is asked whether it names somebody.
    """

    marks_optional = False

    late_reason = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_TEXT)
    names_nobody = forms.MultipleChoiceField(
        label="Texts that may tell who somebody is",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Read them again. Take out what could tell who somebody is, or tick that a text names nobody.",
    )

    def __init__(self, *args: Any, late: bool, again: bool, asked: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asked:
            self.fields["names_nobody"].choices = [(place, f"This names nobody: {name}") for place, name in asked]
        else:
            del self.fields["names_nobody"]
        if late:
            what = "these figures change now" if again else "these results are late"
            field = self.fields["late_reason"]
            field.label, field.required = f"Why {what}", True
            field.error_messages["required"] = f"Say why {what}"
        else:
            del self.fields["late_reason"]


class AcceptForm(VersionedForm):
    """Taking the figures that are shown."""


class QueryForm(VersionedForm):
    """A question to the supplier about one section."""

    section = forms.ChoiceField(label="Section")
    reason = forms.CharField(
        label="What the supplier should look at",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_TEXT,
        help_text="Say what looks wrong and what would settle it. The supplier sees these words.",
    )

    def __init__(self, *args: Any, sections: Sequence[Section], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = [("", "Choose a section"), *((row.value, row.label) for row in sections)]
        self.fields["section"].error_messages["required"] = "Choose the section that your question is about"
        self.fields["reason"].error_messages["required"] = "Say what the supplier should look at"


class AnswerForm(ActForm):
    """The supplier's answer to a question."""

    words = forms.CharField(label="Your answer", widget=forms.Textarea(attrs={"rows": 4}), max_length=LONGEST_TEXT)


class ReviseForm(ActForm):
    """Why accepted results are to be revised."""

    reason = forms.CharField(
        label="Reason for the revision",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_TEXT,
        help_text="It is printed in the next return, beside the figures that change.",
    )


class AskTimeForm(ActForm):
    """Until when, and why."""

    until = DayField(label="New day", help_text="For example, 21 July 2023")
    reason = forms.CharField(
        label="Why more time is needed",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_TEXT,
        error_messages={"required": "Say why more time is needed"},
    )


class DecideTimeForm(ActForm):
    """Whether more time is granted."""

    decision = forms.ChoiceField(
        label="More time",
        choices=[("grant", "Grant it"), ("refuse", "Refuse it")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether more time is granted"},
    )
    words = forms.CharField(
        label="What to tell the supplier",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_TEXT,
        help_text="Say why, if you refuse it.",
    )


class WithdrawForm(VersionedForm):
    """Why a revision is taken back."""

    reason = forms.CharField(
        label="Why the revision is withdrawn",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_TEXT,
        error_messages={"required": "Say why the revision is withdrawn"},
    )


class OpenForm(ActForm):
    """The quarter for which results are asked for."""

    quarter = forms.ModelChoiceField(label="Quarter", queryset=Quarter.objects.none(), empty_label="Choose a quarter")

    def __init__(self, *args: Any, user: User, moment: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programmes = Programme.objects.visible_to(user).filter(recipient=user.acting.organisation)  # type: ignore[union-attr]
        open_ones = [row.pk for programme in programmes for row in open_quarters(programme, RESULTS, moment)]
        self.fields["quarter"].queryset = Quarter.objects.filter(pk__in=open_ones).select_related("programme")


def words_of_last(slot: Slot, cell: Cell | None) -> str:
    """Last quarter's figure as it stands beside the box; empty where there is none."""
    if cell is None or cell.empty:
        return ""
    kind = slot.figure_type
    if kind == FigureType.COUNT:
        return f"{cell.count:,}"
    if kind == FigureType.SCALED:
        return _hundredths(cell.scaled)
    if kind == FigureType.RATIO:
        return f"{cell.numerator:,} out of {cell.denominator:,}"
    if kind == FigureType.PEOPLE:
        return (
            f"{cell.people_quarter:,} in the quarter, {cell.people_year:,} in the year, "
            f"{cell.people_programme:,} since the programme began"
        )
    if kind == FigureType.MEDIAN:
        return f"{_hundredths(cell.median)} over {cell.n:,} cases"
    if kind == FigureType.MEAN:
        return f"{_hundredths(cell.total)} over {cell.n:,} cases"
    return ""


def _hundredths(number: int | None) -> str:
    return "" if number is None else f"{number // 100:,}.{number % 100:02d}".removesuffix(".00")
