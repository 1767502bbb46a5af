"""What the rows of a split say: which budget line, which quarter, which share."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board import clock
from board.access import acting_organisation
from board.models import UNALLOCATED, Programme, Quarter, User
from board.quarters import MONEY, open_quarters
from core.forms import PlainForm
from core.money import read_amount
from funding.models import BudgetLine, Source
from funding.spending import Charge

MOST_LINES = 6


def programmes_open_to(user: User) -> list[Programme]:
    """The programmes with a source that the officer's organisation keeps and a quarter that is open to it."""
    rows = Programme.objects.filter(sources__in=Source.objects.entered_by(user)).distinct()
    return [row for row in rows if open_to(user, row)]


def open_to(user: User, programme: Programme) -> list[Quarter]:
    """The quarters of a programme that the acting organisation may record spend in now."""
    return open_quarters(programme, MONEY, clock.now(), acting_organisation(user))


class BudgetLineChoice(forms.ModelChoiceField):
    """A budget line, offered under its source and project."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=BudgetLine.objects.none(), empty_label="Choose a budget line", **kwargs)

    def label_from_instance(self, line: BudgetLine) -> str:
        return f"{line.source}: {line.project} · {line.heading} · {line.year.code}"


def chargeable_lines(user: User, programmes: Iterable[Programme]) -> Any:
    """The budget lines that an officer's entries may charge."""
    return (
        BudgetLine.objects.filter(source__in=Source.objects.entered_by(user), source__programme__in=list(programmes))
        .exclude(project__code=UNALLOCATED)
        .exclude(heading__code=UNALLOCATED)
        .select_related("source__programme", "source__kept_by", "project", "heading", "year__programme")
        .order_by("source__programme__code", "source__position", "project__position", "-year__starts", "heading__name")
    )


def grouped_choices(lines: Iterable[BudgetLine], field: BudgetLineChoice) -> list[Any]:
    """The same lines as the choices of a select with a group for each source and project."""
    groups: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for line in lines:
        groups[f"{line.source}: {line.project}"].append((line.pk, field.label_from_instance(line)))
    return [("", field.empty_label), *groups.items()]


def charge_choices(user: User) -> dict[str, Any]:
    """What the rows of a split may choose from, read once for all rows; for `form_kwargs`."""
    kept = Programme.objects.filter(sources__in=Source.objects.entered_by(user)).distinct()
    programmes = {programme: found for programme in kept if (found := open_to(user, programme))}
    lines = list(chargeable_lines(user, programmes))
    quarters = [quarter for found in programmes.values() for quarter in found]
    earlier = [
        quarter
        for programme, found in programmes.items()
        for quarter in programme.quarters.select_related("programme", "year")
        if quarter.kind != Quarter.Kind.FOLLOW_UP and quarter.order < found[-1].order
    ]
    return {"lines": lines, "quarters": quarters, "earlier": earlier, "several": len(programmes) > 1}


class RowChoice(forms.ChoiceField):
    """A choice among rows that were read already, so that each row of a formset asks the database nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=(), **kwargs)
        self.rows: dict[str, Any] = {}

    def clean(self, value: Any) -> Any:
        """The chosen row, or None."""
        return self.rows.get(super().clean(value))

    def offer(self, rows: Sequence[Any], choices: Sequence[Any]) -> None:
        """Let these be chosen, shown as `choices`."""
        self.rows = {str(row.pk): row for row in rows}
        self.choices = choices


def quarter_words(quarter: Quarter, several: bool) -> str:
    return f"{quarter.programme.code}: {quarter}" if several else str(quarter)


class ChargeForm(PlainForm):
    """One line of a split: where the cost goes, when, and how much of it."""

    marks_optional = False

    line = RowChoice(label="Budget line", required=True)
    quarter = RowChoice(label="Recorded in", required=True)
    share = forms.CharField(
        label="Amount or percentage",
        required=False,
        max_length=20,
        widget=forms.TextInput(
            attrs={"class": "govuk-input--width-10", "inputmode": "decimal", "autocomplete": "off"}
        ),
    )  # fmt: skip
    relates_to = RowChoice(label="Relates to an earlier quarter", required=False)

    def __init__(
        self,
        *args: Any,
        lines: Sequence[BudgetLine],
        quarters: Sequence[Quarter],
        earlier: Sequence[Quarter],
        several: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        words = BudgetLineChoice(required=False)
        self.fields["line"].offer(lines, grouped_choices(lines, words))
        self.fields["line"].error_messages["required"] = "Choose a budget line"
        self.fields["line"].error_messages["invalid_choice"] = (
            "That budget line is not one that your organisation keeps. Choose one from the list"
        )
        open_choices = [(quarter.pk, quarter_words(quarter, several)) for quarter in quarters]
        self.fields["quarter"].offer(quarters, [("", "Choose a quarter"), *open_choices])
        self.fields["quarter"].error_messages["required"] = "Choose the quarter to record it in"
        self.fields["quarter"].error_messages["invalid_choice"] = (
            "That quarter is not open for spend. Choose an open one; what is late relates to its earlier quarter"
        )
        if len(quarters) == 1:
            self.fields["quarter"].initial = str(quarters[0].pk)
        late = [(quarter.pk, quarter_words(quarter, several)) for quarter in reversed(earlier)]
        self.fields["relates_to"].offer(earlier, [("", "No"), *late])


class ChargeFormSet(forms.BaseFormSet):
    """The lines of a split; a row left wholly empty is not there."""

    def initial_form_count(self) -> int:
        """None of its rows is there before: what a row starts with was typed, and may be left empty."""
        return 0

    def filled(self) -> list[ChargeForm]:
        return [form for form in self.forms if form.has_changed() or form is self.forms[0]]

    def charges(self, by_percent: bool) -> list[Charge]:
        """The split as the act takes it. Marks each share that cannot be read and raises once all are."""
        found, wrong = [], False
        filled = self.filled()
        for form in filled:
            text = form.cleaned_data["share"].strip()
            share = None
            if text or len(filled) > 1:
                try:
                    share = read_percent(text) if by_percent else _read_share(text)
                except ValueError as error:
                    form.add_error("share", ValidationError(str(error), code="invalid"))
                    wrong = True
                    continue
            found.append(
                Charge(
                    line=form.cleaned_data["line"],
                    quarter=form.cleaned_data["quarter"],
                    amount=None if by_percent else share,
                    percent=share if by_percent else None,
                    relates_to=form.cleaned_data["relates_to"],
                )
            )
        if wrong:
            raise ValidationError("The split cannot be read.")
        return found

    def chosen_lines(self) -> list[BudgetLine]:
        """The budget lines chosen so far, whatever else is wrong."""
        found = [getattr(form, "cleaned_data", {}).get("line") for form in self.forms]
        return [line for line in found if line is not None]


def _read_share(text: str) -> Decimal:
    if not text:
        raise ValueError("Enter how much of the cost this line takes")
    if text.endswith("%"):
        raise ValueError(f"“{text}” is a percentage. Enter pounds and pence, or choose to split by percentage")
    return read_amount(text)


def read_percent(text: str) -> Decimal:
    """ "33.34%" or "33.34" -> Decimal; at most four decimals. ValueError with a sentence otherwise."""
    if not text:
        raise ValueError("Enter what percentage of the cost this line takes")
    if "£" in text:
        raise ValueError(f"“{text}” is an amount. Enter a percentage like 40, or choose to split by amount")
    try:
        value = Decimal(text.removesuffix("%").strip())
    except ArithmeticError:
        raise ValueError(f"“{text}” is not a percentage. Enter a number like 40 or 33.34") from None
    if not value.is_finite() or not 0 < value <= 100:
        raise ValueError(f"“{text}” is not a percentage between 0 and 100. Enter a number like 40 or 33.34")
    if value != value.quantize(Decimal("0.0001")):
        raise ValueError(f"“{text}” has more than four decimal places. Enter a percentage like 33.3333")
    return value


ChargeRows = forms.formset_factory(
    ChargeForm, formset=ChargeFormSet, extra=0, min_num=1, max_num=MOST_LINES, validate_min=False, validate_max=True
)
