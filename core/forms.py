"""The base forms of the pages that act, and the few fields that read what a person types."""

import re
import uuid
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone

from core.problems import Problem

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_WORD = re.compile(
    r"jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?"
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_NUMBERS = re.compile(r"(?P<day>\d{1,2})\s*[/.\- ]\s*(?P<month>\d{1,2})\s*[/.\- ]\s*(?P<year>\d{4}|\d{2})")
_WORDS = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s\-]+(?P<month>[a-z]+)\.?,?[\s\-]+(?P<year>\d{4}|\d{2})")


# Of words that people write: some forty pages. What is read over and over must end somewhere.
LONGEST_TEXT = 20_000


def number_in(text: str) -> int:
    """The whole number that a browser sent as a key or a count; nought, which is no row's, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def read_day(text: str) -> date:
    """A date as people here write it, day first: "3 April 2023", "03/04/2023", "3.4.23", "2023-04-03".

    Raises ValueError with a sentence for the person. The American order is never guessed at.
    """
    given = text.strip()
    match = _ISO.fullmatch(given) or _NUMBERS.fullmatch(given) or _WORDS.fullmatch(given.lower())
    if not match:
        raise ValueError(f"“{given}” is not a date. Enter day, month and year, like 3 April 2023")
    month = match["month"]
    if not month.isdigit():
        if not _MONTH_WORD.fullmatch(month):
            raise ValueError(f"“{given}” names no month. Enter day, month and year, like 3 April 2023")
        month = str(_MONTHS.index(month[:3]) + 1)
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    if not 1900 <= year <= 2100:
        raise ValueError(f"“{given}” has a year that cannot be right. Enter a year between 1900 and 2100")
    try:
        return date(year, int(month), int(match["day"]))
    except ValueError:
        raise ValueError(f"“{given}” is not a day of the calendar. Check the day and the month") from None


_TIME = re.compile(r"(?P<day>.+?)(?:\s+at\s+|\s*,\s*|T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})")


def read_moment(text: str) -> datetime:
    """A day and a time in England, aware: "3 April 2023 at 14:05", "03/04/2023 14:05"; a day alone is its end.

    It runs to the end of its minute. Raises ValueError with a sentence for the person.
    """
    given = text.strip()
    match = _TIME.fullmatch(given)
    day = read_day(match["day"] if match else given)
    hour, minute = (int(match["hour"]), int(match["minute"])) if match else (23, 59)
    if hour > 23 or minute > 59:
        raise ValueError(f"“{given}” has no time of the day. Enter hours and minutes, like 14:05")
    return timezone.make_aware(datetime.combine(day, time(hour, minute, 59, 999_999)))


def moment_in_words(moment: datetime) -> str:
    """The local day and time of day: 3 April 2023 at 14:05."""
    local = timezone.localtime(moment)
    return f"{day_in_words(local)} at {local:%H:%M}"


def day_in_words(day: date | datetime) -> str:
    """date(2023, 4, 3) -> "3 April 2023"; of a moment, the day in England on which it fell."""
    if isinstance(day, datetime):
        day = timezone.localtime(day)
    return f"{day.day} {day:%B} {day.year}"


class DayField(forms.DateField):
    """One box for a date, read day first; gives a date or None."""

    widget = forms.TextInput(attrs={"class": "govuk-input--width-10", "autocomplete": "off"})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "For example, 3 April 2023")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return read_day(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return day_in_words(value) if isinstance(value, date) else value


class MomentField(forms.Field):
    """One box for a day and a time of day, local; gives an aware moment or None."""

    widget = forms.TextInput(attrs={"class": "govuk-input--width-20", "autocomplete": "off"})

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return value if isinstance(value, datetime) else read_moment(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return moment_in_words(value) if isinstance(value, datetime) else value


class CountField(forms.IntegerField):
    """One box for a whole number of nought or more; takes thousands commas; gives int or None."""

    widget = forms.TextInput(
        attrs={"class": "govuk-input--width-5", "inputmode": "numeric", "spellcheck": "false", "autocomplete": "off"}
    )

    def __init__(self, *, min_value: int | None = 0, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, **kwargs)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = value.strip()
            if re.fullmatch(r"\d{1,3}(,\d{3})+", value):
                value = value.replace(",", "")
            if value and not re.fullmatch(r"-?\d{1,15}", value):
                raise ValidationError(f"“{value}” is not a whole number. Enter a number like 12", code="invalid")
        return super().to_python(value)


class UploadField(forms.FileField):
    """A file of one of `kinds` (".csv", ".xlsx") and no larger than the system takes."""

    widget = forms.FileInput

    def __init__(self, *, kinds: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds = tuple(kinds)
        if self.kinds:
            self.widget.attrs["accept"] = ",".join(self.kinds)

    def to_python(self, data: Any) -> Any:
        file = super().to_python(data)
        if file is None:
            return None
        if self.kinds and not file.name.lower().endswith(self.kinds):
            known = ", ".join(kind.lstrip(".") for kind in self.kinds)
            raise ValidationError(f"“{file.name}” is the wrong kind of file. Choose one of these: {known}", code="kind")
        if file.size > settings.UPLOAD_LIMIT_BYTES:
            limit = settings.UPLOAD_LIMIT_BYTES // (1024 * 1024)
            raise ValidationError(f"“{file.name}” is too large. The most that is taken is {limit} MB", code="size")
        return file


class FilesInput(forms.FileInput):
    """A box for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once, of any kind and size: what keeps them says of each whether it is taken. Gives a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [file for file in data or [] if file]
        if not files and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return files


class PlainForm(forms.Form):
    """Any form of ours. The labels of fields end without a colon; errors are said in an error summary."""

    marks_optional = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if "required" not in field.error_messages or field.error_messages["required"] == _REQUIRED:
                label = field.label or name.replace("_", " ")
                if isinstance(field, forms.BooleanField):
                    words = f"Tick the box “{label}”"
                else:
                    verb = "Choose" if isinstance(field, forms.ChoiceField | forms.FileField) else "Enter"
                    words = f"{verb} {_lower_first(str(label))}"
                field.error_messages["required"] = words


_REQUIRED = forms.Field.default_error_messages["required"]


def _lower_first(text: str) -> str:
    """ "Supplier name" -> "supplier name", but "KPI" and "VAT" stay as they are."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


class ActForm(PlainForm):
    """A form that feeds an act. `warnings` holds the problems that did not block, to be shown beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[Problem] = []


class OnceForm(ActForm):
    """A form whose act creates: `once` is the same at a second click, so that only one row is made."""

    once = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def clean_once(self) -> uuid.UUID:
        return self.cleaned_data["once"] or uuid.uuid4()

    def take_a_new_once(self) -> None:
        """Let what is on screen be sent as another one."""
        self.data = self.data.copy()
        self.data[self.add_prefix("once")] = str(uuid.uuid4())


class VersionedForm(ActForm):
    """A form whose act edits: `version` is the one that the person saw, for the act to compare under its lock."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def take_version(self, version: int) -> None:
        """Let what is on screen be sent again, over the version that the person is shown now."""
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = str(version)


class FilterForm(PlainForm):
    """The form of a list's filters, where nothing is required and so nothing is marked optional."""

    marks_optional = False


def add_problems(form: forms.BaseForm, problems: Iterable[Problem]) -> None:
    """Put what an act found into the form: by its field where `where` names one, else on top.

    What does not block becomes the form's `warnings`. Nothing that was typed is touched.
    """
    warnings = []
    for problem in problems:
        if not problem.blocking:
            warnings.append(problem)
            continue
        if problem.code == "once" and isinstance(form, OnceForm):
            form.take_a_new_once()
        field = problem.where if problem.where in form.fields else None
        form.add_error(field, ValidationError(problem.message, code=problem.code or "refused"))
    form.warnings = warnings  # type: ignore[attr-defined]


def add_validation_error(form: forms.BaseForm, error: ValidationError) -> None:
    """Put a model's own refusal into the form; what is about no field of this form goes on top."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, errors)
