"""What the fields take and refuse, and how a refusal returns to the form."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from core.forms import (
    ActForm,
    CountField,
    DayField,
    MomentField,
    OnceForm,
    UploadField,
    VersionedForm,
    add_problems,
    add_validation_error,
    day_in_words,
    moment_in_words,
    read_day,
    read_moment,
)
from core.problems import Problem


@pytest.mark.parametrize(
    "text",
    ["3 April 2023", "3 apr 2023", "3rd April 2023", "03/04/2023", "3/4/23", "3.4.2023", "3-4-2023", "2023-04-03"],
)
def test_a_day_is_read_however_it_is_written_here(text: str) -> None:
    assert read_day(text) == date(2023, 4, 3)


@pytest.mark.parametrize(
    "text",
    ["3 July 2023 at 14:05", "3 July 2023, 14:05", "03/07/2023 14:05", "2023-07-03T14:05", " 3 july 23 at 14:05 "],
)
def test_a_moment_is_read_as_local_time_to_the_end_of_its_minute(text: str) -> None:
    moment = read_moment(text)
    assert moment.astimezone(UTC) == datetime(2023, 7, 3, 13, 5, 59, 999_999, tzinfo=UTC)
    assert moment_in_words(moment) == "3 July 2023 at 14:05"


def test_a_day_alone_is_its_end() -> None:
    assert moment_in_words(read_moment("3 January 2023")) == "3 January 2023 at 23:59"


@pytest.mark.parametrize("text", ["3 July 2023 at 25:00", "14:05", "yesterday at 14:05"])
def test_what_is_no_moment_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValidationError, match="Enter"):
        MomentField().clean(text)


@pytest.mark.parametrize(
    "text", ["04/13/2023", "31/02/2024", "29 February 2023", "April 3 2023", "3 Aprul 2023", "3/4"]
)
def test_what_is_no_day_is_refused_in_words_that_quote_it(text: str) -> None:
    with pytest.raises(ValueError, match=f"“{text}”"):
        read_day(text)


@pytest.mark.parametrize("text", ["1/1/0023", "1 May 2999"])
def test_a_year_that_cannot_be_right_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="year"):
        read_day(text)


def test_leap_day_is_read() -> None:
    assert read_day("29/02/2024") == date(2024, 2, 29)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)))
def test_every_day_is_read_back_from_its_words_and_its_numbers(day: date) -> None:
    assert read_day(day_in_words(day)) == read_day(day.isoformat()) == read_day(f"{day:%d/%m/%Y}") == day


def test_a_moment_reads_as_the_day_in_england_on_which_it_fell() -> None:
    """Half an hour before midnight in summer's universal time is the next day here."""
    assert day_in_words(datetime(2023, 6, 30, 23, 30, tzinfo=UTC)) == "1 July 2023"
    assert day_in_words(datetime(2023, 12, 31, 23, 30, tzinfo=UTC)) == "31 December 2023"


def test_a_day_field_shows_its_day_in_words_and_is_unchanged_by_them() -> None:
    field = DayField()
    assert field.prepare_value(date(2024, 3, 31)) == "31 March 2024"
    assert not field.has_changed(date(2024, 3, 31), "31 March 2024")
    assert field.clean(datetime(2024, 3, 31, 12)) == date(2024, 3, 31)


def test_a_count_takes_commas_and_refuses_fractions_and_less_than_nought() -> None:
    field = CountField()
    assert field.clean("1,234") == 1234
    for text in ("1.5", "-1", "twelve", "1,23", "1e3"):
        with pytest.raises(ValidationError):
            field.clean(text)


def test_a_count_says_what_was_typed() -> None:
    with pytest.raises(ValidationError, match="“twelve” is not a whole number"):
        CountField().clean("twelve")


def test_an_upload_of_the_wrong_kind_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"“spend.exe” is the wrong kind of file. Choose one of these: csv, xlsx"):
        UploadField(kinds=(".csv", ".xlsx")).clean(SimpleUploadedFile("spend.exe", b"x"))


def test_an_upload_that_is_too_large_is_refused(settings: object) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1024 * 1024
    with pytest.raises(ValidationError, match="The most that is taken is 1 MB"):
        UploadField().clean(SimpleUploadedFile("big.csv", b"x" * (1024 * 1024 + 1)))


class Spend(ActForm):
    net = forms.CharField()
    supplier = forms.CharField()


def test_problems_return_to_the_boxes_that_they_name_and_the_rest_on_top() -> None:
    form = Spend({"net": "1", "supplier": "A"})
    assert form.is_valid()
    add_problems(
        form,
        [
            Problem("F1", "Enter less than the award.", where="net"),
            Problem("F2", "2023-24 Q1 is closed for money."),
            Problem("F3", "The invoice is old.", blocking=False),
        ],
    )
    assert form.errors["net"] == ["Enter less than the award."]
    assert form.non_field_errors() == ["2023-24 Q1 is closed for money."]
    assert [problem.code for problem in form.warnings] == ["F3"]
    assert form["supplier"].value() == "A"


def test_a_models_refusal_returns_to_the_form_even_about_fields_that_it_does_not_have() -> None:
    form = Spend({"net": "1", "supplier": "A"})
    form.is_valid()
    add_validation_error(form, ValidationError({"net": ["Too much."], "vat": ["VAT is missing."]}))
    assert form.errors["net"] == ["Too much."]
    assert form.non_field_errors() == ["VAT is missing."]


def test_once_is_the_same_at_a_second_click_and_new_on_a_new_form() -> None:
    first, second = OnceForm()["once"].value(), OnceForm()["once"].value()
    assert first != second
    form = OnceForm({"once": first})
    assert form.is_valid() and str(form.cleaned_data["once"]) == first


def test_a_form_sent_without_once_gets_one() -> None:
    form = OnceForm({})
    assert form.is_valid() and isinstance(form.cleaned_data["once"], uuid.UUID)


def test_an_edit_without_the_version_that_was_seen_is_refused() -> None:
    assert not VersionedForm({}).is_valid()
