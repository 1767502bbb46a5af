"""The forms of definitions, duties, targets and ratings. They hand on what was chosen; the acts judge it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.models import Organisation, Project, Quarter, Year
from contracts.models import Contract
from core.forms import ActForm, CountField, DayField, VersionedForm
from kpis.kinds import ADDS_UP, Kind, Section
from kpis.models import Dimension, Duty, Kpi, KpiVersion, Rating

_SHORT = {"class": "govuk-input--width-20", "autocomplete": "off", "spellcheck": "false"}


def _reason(help_text: str, label: str = "Reason") -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, widget=forms.Textarea(attrs={"rows": 3}))


class FigureField(forms.CharField):
    """One box for a figure with at most two decimals, in the measure's unit; gives a Decimal or None."""

    widget = forms.TextInput(attrs={"class": "govuk-input--width-5", "inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value).strip().replace(",", "").removesuffix("%").strip()
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValidationError(f"“{value}” is not a number. Enter one such as 120 or 2.5", code="invalid") from None
        if not number.is_finite() or number != round(number, 2) or abs(number) >= 10**12:
            raise ValidationError(f"“{value}” has more than two decimals or is too large", code="invalid")
        return number


class QuarterField(forms.ModelChoiceField):
    """A quarter of the programme."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Quarter.objects.none(), empty_label="Choose a quarter", **kwargs)

    def offer(self, quarters: Iterable[Quarter]) -> None:
        """Let these be chosen."""
        self.queryset = Quarter.objects.filter(pk__in=[row.pk for row in quarters]).select_related("programme")


class _MeaningForm(ActForm):
    """What a new measure and a new version have in common."""

    name = forms.CharField(label="Name", max_length=160)
    definition = forms.CharField(
        label="What to count",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="In a sentence or two, for the person who fills it. Say what is left out.",
    )
    unit = forms.CharField(
        label="Unit",
        max_length=30,
        help_text="For example people, cases or per cent",
        widget=forms.TextInput(attrs=_SHORT),
    )
    section = forms.ChoiceField(label="Section of the form", choices=[("", "Choose a section"), *Section.choices])
    direction = forms.ChoiceField(
        label="What is better", choices=KpiVersion.Direction.choices, widget=forms.RadioSelect, initial="none"
    )
    low = FigureField(
        label="Lowest plausible figure",
        required=False,
        help_text="A figure outside the range is asked about and never refused.",
    )
    high = FigureField(label="Highest plausible figure", required=False)
    numerator_codes = forms.CharField(
        label="Computed from: number",
        required=False,
        max_length=120,
        help_text="For a rate that nobody types. Signed codes of counts, for example +CHB-10",
        widget=forms.TextInput(attrs=_SHORT),
    )
    denominator_codes = forms.CharField(
        label="Computed from: out of",
        required=False,
        max_length=120,
        help_text="For example +CHB-10+CHB-11",
        widget=forms.TextInput(attrs=_SHORT),
    )
    dimensions = forms.MultipleChoiceField(
        label="Breakdowns that can be asked for", required=False, widget=forms.CheckboxSelectMultiple
    )
    sensitive = forms.BooleanField(
        label="It counts people, so small numbers are hidden from the board and the public",
        required=False,
        initial=True,
    )
    from_date = QuarterField(label="From quarter")
    reason = _reason("It stands beside the version, for everybody who reads or supplies the measure.")

    def __init__(self, *args: Any, quarters: Iterable[Quarter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_date"].offer(quarters)
        self.fields["dimensions"].choices = [
            (row.code, _named(row)) for row in Dimension.objects.prefetch_related("categories")
        ]

    def meaning(self) -> dict[str, Any]:
        """The fields for the act; ranges in hundredths of the unit, as they are kept."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in ("code", "version")}
        for name in ("low", "high"):
            given[name] = None if given[name] is None else int(given[name] * 100)
        given["from_date"] = given["from_date"].first_day
        return given


def _named(dimension: Dimension) -> str:
    """Two dimensions bear one name, age for adults and for young people; the rows tell them apart."""
    rows = [row.name for row in dimension.categories.all()]
    return f"{dimension.name}: {', '.join(rows[:2])} …" if rows else dimension.name


class MeasureForm(_MeaningForm):
    """A new measure of a project."""

    code = forms.CharField(label="Code", max_length=12, widget=forms.TextInput(attrs=_SHORT))
    kind = forms.ChoiceField(
        label="Kind of figure",
        help_text="It fixes for good how figures are added up.",
        choices=[(kind.value, f"{kind.label}: {ADDS_UP[kind]}") for kind in Kind],
        widget=forms.RadioSelect,
    )
    scaled = forms.BooleanField(label="It has decimals, such as full-time equivalents", required=False)
    window_months = CountField(
        label="Months of follow-up", required=False, help_text="For a cohort alone, for example 6"
    )

    field_order = (
        "code", "name", "definition", "unit", "kind", "scaled", "window_months", "section", "direction", "low", "high",
        "dimensions", "numerator_codes", "denominator_codes", "sensitive", "from_date", "reason",
    )  # fmt: skip

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = f"For example {project.code}-50"


class VersionForm(_MeaningForm):
    """A new version of a measure. `version` is the number that was on screen."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class TargetForm(ActForm):
    """What a measure shall reach in a year."""

    year = forms.ModelChoiceField(label="Year", queryset=Year.objects.none(), empty_label="Choose a year")
    value = FigureField(label="Target")
    upper = FigureField(label="Top of the range", required=False, help_text="Only where within a range is better")
    baseline = FigureField(label="Baseline", required=False, help_text="What it was before, where that is known")
    from_date = DayField(
        label="From", help_text="A revision begins on its own day; the target before it stays on record."
    )
    reason = _reason("For example: agreed with the supplier at the annual review.")

    def __init__(self, *args: Any, kpi: Kpi, ranged: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].queryset = kpi.project.programme.years.all()
        self.fields["value"].error_messages["required"] = "Enter the target"
        if not ranged:
            del self.fields["upper"]


class RateForm(ActForm):
    """How a measure is rated by hand."""

    word = forms.ChoiceField(
        label="Rating", choices=[*Rating.Word.choices, ("figures", "By its figures")], widget=forms.RadioSelect
    )
    reason = _reason("It is printed in the return, beside what the figures alone say.")

    def __init__(self, *args: Any, rated: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].error_messages["required"] = "Give the reason for this rating"
        if not rated:
            self.fields["word"].choices = Rating.Word.choices


@dataclass(frozen=True)
class Tick:
    """One measure that can be asked for: its box, and those of its breakdowns."""

    code: str
    name: str
    ticked: bool
    is_number: bool
    breakdowns: Sequence[tuple[str, str, bool]]


class _TicksForm(forms.Form):
    """Which measures are asked for. `measures` are codes, `breakdowns` codes with their dimension: CHB-01/area."""

    measures = forms.MultipleChoiceField(label="Measures", required=False)
    breakdowns = forms.MultipleChoiceField(label="Breakdowns", required=False)

    def offer(self, offered: Sequence[tuple[Kpi, KpiVersion]]) -> None:
        """Let these measures be ticked."""
        self.offered = offered
        self.fields["measures"].choices = [(kpi.code, version.name) for kpi, version in offered]
        self.fields["breakdowns"].choices = [
            (f"{kpi.code}/{row.code}", row.name) for kpi, version in offered for row in version.dimensions.all()
        ]

    def asked(self) -> dict[str, list[str]]:
        """KPI code -> breakdowns, for the act. A breakdown asks for its measure."""
        given: dict[str, list[str]] = {code: [] for code in self.cleaned_data["measures"]}
        for pair in self.cleaned_data["breakdowns"]:
            code, _, dimension = pair.partition("/")
            given.setdefault(code, []).append(dimension)
        return given

    def groups(self) -> list[tuple[str, list[Tick]]]:
        """Section by section, for the template."""
        measures, breakdowns = set(self["measures"].value() or ()), set(self["breakdowns"].value() or ())
        found: dict[str, list[Tick]] = {}
        places = list(Section)
        for kpi, version in sorted(self.offered, key=lambda pair: places.index(Section(pair[1].section))):
            parts = [
                (f"{kpi.code}/{row.code}", row.name, f"{kpi.code}/{row.code}" in breakdowns)
                for row in version.dimensions.all()
            ]
            tick = Tick(kpi.code, version.name, kpi.code in measures, version.kind != Kind.TEXT, parts)
            found.setdefault(Section(version.section).label, []).append(tick)
        return list(found.items())


class AssignForm(_TicksForm, ActForm):
    """A new duty: who reports what from when to when."""

    organisation = forms.ModelChoiceField(
        label="Supplier", queryset=Organisation.objects.none(), empty_label="Choose an organisation"
    )
    contract = forms.ModelChoiceField(
        label="Contract", queryset=Contract.objects.none(), required=False, empty_label="None"
    )
    first_quarter = QuarterField(label="First quarter")
    last_quarter = QuarterField(label="Last quarter")

    field_order = ("organisation", "contract", "first_quarter", "last_quarter")

    def __init__(self, *args: Any, project: Project, offered: Sequence[tuple[Kpi, KpiVersion]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programme = project.programme
        self.fields["organisation"].queryset = Organisation.objects.exclude(kind=Organisation.Kind.HOME_OFFICE)
        self.fields["contract"].queryset = Contract.objects.filter(programme=programme)
        quarters = list(programme.quarters.filter(kind=Quarter.Kind.QUARTER))
        for name in ("first_quarter", "last_quarter"):
            self.fields[name].offer(quarters)
        self.offer(offered)


class ChangeDutyForm(_TicksForm, VersionedForm):
    """Other measures from a quarter on."""

    first_quarter = QuarterField(label="From quarter")
    reason = _reason("For example: agreed at the annual review.")

    field_order = ("first_quarter", "reason")

    def __init__(
        self,
        *args: Any,
        duty: Duty,
        quarters: Iterable[Quarter],
        offered: Sequence[tuple[Kpi, KpiVersion]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_quarter"].offer(quarters)
        self.offer(offered)


def ticked_of(duty: Duty) -> Mapping[str, list[str]]:
    """What a duty asks for, as the boxes of `_TicksForm` hold it."""
    rows = list(duty.measures.select_related("kpi").prefetch_related("dimensions"))
    return {
        "measures": [row.kpi.code for row in rows],
        "breakdowns": [f"{row.kpi.code}/{part.code}" for row in rows for part in row.dimensions.all()],
    }
