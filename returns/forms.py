"""The forms of the returns: words of a section, reasons, the reopening of a quarter, templates and their maps."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from board.models import Organisation, Programme, Role
from core.forms import LONGEST_TEXT, ActForm, CountField, DayField, OnceForm, UploadField, VersionedForm, day_in_words
from core.money import NOUGHT, MoneyFormField
from funding.models import Disallowance
from returns.copying import LONGEST_LABEL
from returns.copying import Entry as CopyEntry
from returns.filling.mapping import Entry, entry_of
from returns.filling.nearby import InputCell
from returns.models import Dispatch, FunderQuery, SampleLine, kind_choices


class CommentaryForm(ActForm):
    """The words of one part of a return. `version` is that of the words on screen; empty where there were none."""

    words = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 10}), required=False, label="Your words", max_length=LONGEST_TEXT
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    marks_optional = False


class SignatureForm(ActForm):
    """Nothing to fill in. `version` is that of the return on screen, which is what is signed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class PaperForm(ActForm):
    """A signature that was given on paper. `signers` are the roles in which somebody may have signed."""

    file = UploadField(label="Signed copy", kinds=(".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"))
    signer = forms.ModelChoiceField(label="Signed by", queryset=Role.objects.none(), empty_label="Choose a person")
    signed_on = DayField(label="Signed on", help_text="The day on the paper.")
    hash_read = forms.CharField(
        max_length=80, label="Content hash on the paper",
        help_text="The first 16 signs, from the foot of any page, such as 8a4a ff76 6239 d5b7.",
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, signers: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["signer"]
        field.queryset = Role.objects.filter(pk__in=[role.pk for role in signers])
        field.label_from_instance = lambda role: f"{role.user.name}, {role.capacity}"


class ReasonForm(ActForm):
    """One reason."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), label="Reason")


class DispatchForm(ActForm):
    """When and how a return was sent to the funder."""

    sent_on = DayField(label="Sent on")
    way = forms.ChoiceField(choices=Dispatch.Way.choices, widget=forms.RadioSelect, label="How")
    funder_reference = forms.CharField(
        max_length=80, required=False, label="The funder’s reference", help_text="If the funder gave one"
    )


class AcceptanceForm(ActForm):
    """When the funder accepted it. `version` is that of what was recorded as sent, as on screen."""

    accepted_on = DayField(label="Accepted on")
    acceptance_reference = forms.CharField(
        max_length=80, required=False, label="The funder’s reference", help_text="If the funder gave one"
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class TakeBackForm(ReasonForm):
    """Why what was recorded is wrong. `version` is that on screen."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class QueryForm(OnceForm):
    """What the funder asks about a return, and by when it wants the answer."""

    asked_on = DayField(label="Asked on")
    asked_by_title = forms.CharField(
        max_length=120, label="Asked by", help_text="A role title, such as “Grant manager”. No name."
    )
    question = forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), label="Question", max_length=LONGEST_TEXT)
    due_on = DayField(label="Answer due")


class QueryAnswerForm(ActForm):
    """What was answered, and when. `version` is that of the question on screen."""

    answered_on = DayField(label="Answered on")
    words = forms.CharField(widget=forms.Textarea(attrs={"rows": 8}), label="Answer", max_length=LONGEST_TEXT)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class QueryEndForm(ActForm):
    """How a question of the funder ended. `disallowances` are those of the return's claim."""

    outcome = forms.ChoiceField(choices=FunderQuery.Outcome.choices, widget=forms.RadioSelect, label="How it ended")
    disallowance = forms.ChoiceField(required=False, label="What was disallowed", help_text="If cost was disallowed")
    ended_on = DayField(label="Ended on")
    words = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, label="What the funder said", max_length=LONGEST_TEXT
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, disallowances: Sequence[Disallowance], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not disallowances:
            del self.fields["disallowance"]
            return
        shown = [(row.reference, f"{row.reference}, {day_in_words(row.disallowed_on)}") for row in disallowances]
        self.fields["disallowance"].choices = [("", "Choose, if cost was disallowed"), *shown]  # type: ignore[attr-defined]


class QueryFileForm(ActForm):
    """A file that came with the question or went with the answer."""

    file = UploadField(label="File")
    confirmed_no_names = forms.BooleanField(
        label="It names no victim, client or refuge",
        error_messages={"required": "Confirm that the file names no victim, client or refuge"},
    )


class CopyTickForm(ActForm):
    """Which figures were copied. `shown` are the keys that were ticked when the page was opened."""

    done = forms.MultipleChoiceField(required=False)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, keys: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["done"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]


class CopyOrderForm(ActForm):
    """The figures that a portal asks for: of each its place and name, and those that are added at the end.

    A figure without a place is left out. `where` says in words where each stands.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        entries: Sequence[CopyEntry],
        offered: Sequence[str],
        where: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.entries, self.offered, self.where = entries, offered, where
        for at, entry in enumerate(entries, start=1):
            said = where.get(entry.key, f"{entry.key}, which this return does not say")
            # A hundredth between two places lets one be put there without numbering all anew.
            self.fields[f"place-{entry.key}"] = forms.DecimalField(
                required=False, initial=at, min_value=0, max_value=9999, decimal_places=2, label=f"Place: {said}",
                error_messages={"invalid": f"Write a number for “{said}”, or leave it empty to leave the figure out"},
            )  # fmt: skip
            self.fields[f"name-{entry.key}"] = forms.CharField(
                required=False, initial=entry.label, max_length=LONGEST_LABEL, label=f"What the portal calls it: {said}"
            )
        self.fields["added"] = forms.MultipleChoiceField(
            required=False, choices=[(key, where[key]) for key in offered], label="Add at the end",
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each line of the order with its two boxes."""
        return [
            {
                "where": self.where.get(entry.key, ""),
                "key": entry.key,
                "place": self[f"place-{entry.key}"],
                "name": self[f"name-{entry.key}"],
            }
            for entry in self.entries
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        placed = [(given.get(f"place-{row.key}"), row) for row in self.entries]
        kept = sorted(((place, row) for place, row in placed if place is not None), key=lambda pair: pair[0])
        entries = [CopyEntry(row.key, given.get(f"name-{row.key}", "").strip()) for _, row in kept]
        entries += [CopyEntry(key) for key in given.get("added", [])]
        given["entries"] = entries
        return given


class SampleForm(OnceForm):
    """What a sample is drawn from and by which rule. `spans` are (code, words) of those there are."""

    span = forms.ChoiceField(label="Drawn from the claims of")
    purpose = forms.CharField(max_length=200, label="What it is for", help_text="For example “Interim audit, 2024-25”.")
    over = MoneyFormField(
        required=False, min_value=NOUGHT, label="Every line above", help_text="Credits count by their size."
    )
    at_random = CountField(required=False, label="How many of the other lines at random")
    seed = forms.CharField(
        required=False, max_length=64, label="Seed",
        help_text="Leave it empty to have one made. The same seed draws the same lines from the same claims.",
    )  # fmt: skip

    def __init__(self, *args: Any, spans: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["span"].choices = spans  # type: ignore[attr-defined]


class SampleLineForm(VersionedForm):
    """What a line of a sample turned out to be."""

    result = forms.ChoiceField(choices=SampleLine.Result.choices, widget=forms.RadioSelect, label="Result")
    exception = MoneyFormField(
        required=False, label="By how much the claim is wrong",
        help_text="Only for an exception. Below nought where too little was claimed.",
    )  # fmt: skip
    words = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}), required=False, label="What was found", max_length=LONGEST_TEXT,
        help_text="No names of people.",
    )  # fmt: skip


class ConclusionForm(VersionedForm):
    """What the sample as a whole says."""

    conclusion = forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), label="Conclusion", max_length=LONGEST_TEXT)


class WaiverForm(ReasonForm):
    """What is to be waived, why, and until when somebody may sign under it."""

    item = forms.ChoiceField(widget=forms.RadioSelect, label="What is missing")
    until = DayField(label="Until", help_text="The last day on which somebody may sign without it.")

    marks_optional = False
    field_order = ("item", "reason", "until")

    def __init__(self, *args: Any, items: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = items  # type: ignore[attr-defined]


class RevisionForm(ReasonForm):
    """Why a certified return is revised, and whether its claim was returned unpaid."""

    withdraw_claim = forms.BooleanField(
        required=False,
        label="The funder has returned the claim unpaid: withdraw it",
        help_text="Only then can the amounts change. Refused once the claim is paid, or a later one is certified.",
    )

    marks_optional = False

    def __init__(self, *args: Any, of_claim: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not of_claim:
            del self.fields["withdraw_claim"]


class ReopeningForm(ReasonForm):
    """For whom, until when and why a closed quarter is opened again."""

    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.all(), required=False, empty_label="Everyone", label="For which organisation"
    )
    until = DayField(label="Open until the end of")

    marks_optional = False
    field_order = ("organisation", "until", "reason")

    def clean_until(self) -> datetime:
        """The last moment of that day, in England."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["until"], time(23, 59, 59)))


class TemplateForm(OnceForm):
    """A funder's workbook for the register."""

    programme = forms.ModelChoiceField(queryset=Programme.objects.none(), empty_label=None, label="Programme")
    kind = forms.ChoiceField(choices=kind_choices, label="Filled from which return")
    title = forms.CharField(max_length=80, label="What the funder calls it")
    edition = forms.CharField(
        max_length=40, label="Which edition", help_text="As the funder names it, for example v2, April 2024"
    )
    valid_from = DayField(label="For quarters from")
    valid_to = DayField(label="To", required=False, help_text="Leave it empty while no end is known")
    upload = UploadField(
        kinds=(".xlsx",), label="The workbook", help_text="The funder’s own .xlsx file, as it came and without macros"
    )

    def __init__(self, *args: Any, programmes: QuerySet[Programme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = programmes  # type: ignore[attr-defined]


class MapFileForm(ActForm):
    """A map as a JSON file; `seen` is the version on screen, 0 for none."""

    upload = UploadField(kinds=(".json",), label="The map", help_text="A .json file, as it is downloaded here")
    seen = forms.IntegerField(widget=forms.HiddenInput)


class CellBoxes:
    """One cell of a template on the map's form: what it is, its box for a key and its tick for whole pounds."""

    def __init__(self, form: forms.BaseForm, about: InputCell, known: Mapping[str, str]) -> None:
        self.about, self.called = about, known.get(form.fields[f"key-{about.cell}"].initial, "")
        self.key, self.whole = form[f"key-{about.cell}"], form[f"whole-{about.cell}"]


class MapSheetForm(ActForm):
    """Which figures the cells of one sheet take: a box for each cell on screen, and one set of rows to fill downwards.

    `entries` is the map so far, of all sheets: what is not on screen stays in it. `known` names the keys there are.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput)
    other_cell = forms.CharField(max_length=10, required=False, label="Cell", help_text="For example B7")
    other_key = forms.CharField(max_length=200, required=False, label="Key of its figure")
    first_cell = forms.CharField(max_length=10, required=False, label="First cell", help_text="For example C12")
    down_by = CountField(min_value=1, max_value=1000, required=False, label="Rows from one to the next")
    keys = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        label="Keys, one a line",
        help_text="With a star for the row, all rows of a table: claim/expenditure/*/actual-quarter",
    )
    whole_pounds = forms.BooleanField(required=False, label="In whole pounds")

    marks_optional = False

    def __init__(
        self,
        *args: Any,
        sheet: str,
        cells: Sequence[InputCell],
        entries: Sequence[Entry],
        known: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sheet, self.cells, self.entries, self.known = sheet, cells, entries, known
        mapped = {entry.cell: entry for entry in entries if entry.sheet == sheet and not entry.is_down}
        self.fields["other_key"].widget.attrs["list"] = "known-keys"
        for cell in cells:
            entry = mapped.get(cell.cell)
            name = f"{cell.cell}, {cell.near}" if cell.near else cell.cell
            self.fields[f"key-{cell.cell}"] = forms.CharField(
                max_length=200,
                required=False,
                label=f"Key of the figure for {name}",
                initial=entry.keys[0] if entry else "",
                widget=forms.TextInput(
                    attrs={"list": "known-keys", "autocomplete": "off", "spellcheck": "false", "aria-label": name}
                ),
            )
            self.fields[f"whole-{cell.cell}"] = forms.BooleanField(
                required=False, label=f"Whole pounds for {name}", initial=bool(entry and entry.whole_pounds)
            )
        self.downwards = [entry for entry in entries if entry.sheet == sheet and entry.is_down]
        for number, entry in enumerate(self.downwards):
            self.fields[f"drop-{number}"] = forms.BooleanField(
                required=False, label=f"Take out the {len(entry.keys)} keys from {entry.cell} downwards"
            )

    @property
    def boxes(self) -> list[CellBoxes]:
        return [CellBoxes(self, cell, self.known) for cell in self.cells]

    @property
    def drops(self) -> list[tuple[Entry, forms.BoundField]]:
        return [(entry, self[f"drop-{number}"]) for number, entry in enumerate(self.downwards)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        told: list[tuple[str, dict[str, Any]]] = []
        for cell in self.cells:
            if key := given.get(f"key-{cell.cell}"):
                whole = given.get(f"whole-{cell.cell}", False)
                told.append((f"key-{cell.cell}", {"cell": cell.cell, "key": key, "whole_pounds": whole}))
        if given.get("other_cell") or given.get("other_key"):
            told.append(("other_cell", {"cell": given.get("other_cell", ""), "key": given.get("other_key", "")}))
        if given.get("first_cell") or given.get("keys"):
            down = {
                "first_cell": given.get("first_cell", ""),
                "down_by": given.get("down_by") or 1,
                "keys": given.get("keys", "").split(),
                "whole_pounds": given.get("whole_pounds", False),
            }
            told.append(("first_cell", down))
        made = []
        for field, plain in told:
            try:
                made.append(entry_of({"sheet": self.sheet, **plain}))
            except ValueError as error:
                self.add_error(field, f"{str(error)[:1].upper()}{str(error)[1:]}")
        shown = {cell.cell for cell in self.cells}
        gone = {number for number in range(len(self.downwards)) if given.get(f"drop-{number}")}
        kept = [
            entry
            for entry in self.entries
            if entry.sheet != self.sheet
            or (entry.is_down and self.downwards.index(entry) not in gone)
            or (not entry.is_down and entry.cell not in shown)
        ]
        given["entries"] = [*kept, *made]
        return given
