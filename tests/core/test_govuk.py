"""What the form renderer puts on the page."""

import pytest
from django import forms
from django.contrib.auth.forms import AuthenticationForm

from core.forms import CountField, DayField, PlainForm, UploadField
from core.govuk import class_of
from core.money import MoneyFormField
from core.templatetags.govuk import errors_of


class Everything(PlainForm):
    supplier = forms.CharField(label="Supplier name", help_text="As the ledger has it")
    amount = MoneyFormField(label="Net amount")
    paid_on = DayField(label="Date paid")
    people = CountField(label="People", required=False)
    share = forms.IntegerField(label="Share")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "Actual"), ("b", "Accrual")], widget=forms.RadioSelect)
    places = forms.MultipleChoiceField(
        label="Places", choices=[("e", "Essex"), ("s", "Southend")], widget=forms.CheckboxSelectMultiple
    )
    heading = forms.ChoiceField(label="Cost heading", choices=[("p", "Pay")])
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    named = forms.BooleanField(label="It names no victim", help_text="Look at each page")
    print_out = UploadField(label="Ledger print", kinds=(".pdf",))


@pytest.mark.parametrize(
    ("widget", "expected"),
    [
        (forms.NumberInput(), "govuk-input"),
        (forms.DateInput(), "govuk-input"),
        (forms.EmailInput(), "govuk-input"),
        (forms.PasswordInput(), "govuk-input govuk-password-input__input govuk-js-password-input-input"),
        (forms.SelectMultiple(), "govuk-select"),
        (forms.ClearableFileInput(), "govuk-file-upload"),
        (forms.RadioSelect(), "govuk-radios"),
        (forms.HiddenInput(), ""),
    ],
)
def test_every_kind_of_box_has_its_govuk_class(widget: forms.Widget, expected: str) -> None:
    assert class_of(widget) == expected


def test_a_money_box_has_a_pound_sign_before_it() -> None:
    html = str(Everything()["amount"].as_field_group())
    assert '<div class="govuk-input__prefix" aria-hidden="true">£</div>' in html
    assert 'inputmode="decimal"' in html
    assert 'class="govuk-input govuk-input--width-10"' in html


def test_hint_and_error_are_tied_to_the_box() -> None:
    html = str(Everything({})["supplier"].as_field_group())
    assert 'aria-describedby="id_supplier_helptext id_supplier_error"' in html
    assert 'id="id_supplier_helptext" class="govuk-hint">As the ledger has it' in html
    assert "Enter supplier name" in html
    assert 'class="govuk-input govuk-input--error"' in html
    assert 'aria-invalid="true"' in html


@pytest.mark.parametrize("field", [forms.CharField, forms.BooleanField])
def test_a_hint_that_quotes_a_ledger_is_text_and_no_markup(field: type[forms.Field]) -> None:
    class Quoting(PlainForm):
        line = field(help_text='ACME <input name="line-1" value="9"> Ltd')

    page = str(Quoting())
    assert "ACME &lt;input name=&quot;line-1&quot;" in page
    assert page.count("<input") == 1


def test_the_browser_does_not_validate() -> None:
    assert " required" not in str(Everything())


def test_only_what_may_be_left_out_is_marked() -> None:
    html = str(Everything())
    assert "People (optional)" in html
    assert "Supplier name (optional)" not in html
    assert "It names no victim (optional)" not in html


def test_radios_are_a_fieldset_with_a_legend() -> None:
    html = str(Everything()["kind"].as_field_group())
    assert "<fieldset" in html and "govuk-fieldset__legend" in html
    assert html.count('class="govuk-radios__input"') == 2
    assert 'for="id_kind_1"' in html


def test_a_lone_checkbox_has_its_label_beside_it() -> None:
    html = str(Everything()["named"].as_field_group())
    assert 'class="govuk-checkboxes__input"' in html
    assert html.index("<input") < html.index("<label")
    assert 'id="id_named_helptext"' in html
    assert "Tick the box “It names no victim”" in str(Everything({})["named"].as_field_group())


def test_what_was_typed_comes_back_as_it_was_typed() -> None:
    form = Everything({"amount": "12 pounds", "paid_on": "31/02/2024", "kind": "b", "places": ["s"]})
    html = str(form)
    assert 'value="12 pounds"' in html
    assert 'value="31/02/2024"' in html
    assert 'value="b" id="id_kind_1" checked' in html
    assert 'value="s" id="id_places_1" checked' in html


def test_the_error_summary_links_to_the_first_box_of_a_group() -> None:
    found = {item.message: item.anchor for item in errors_of(Everything({}))}
    assert found["Enter supplier name"] == "id_supplier"
    assert found["Choose kind"] == "id_kind_0"
    assert found["Choose places"] == "id_places_0"


def test_an_unsent_form_has_no_errors() -> None:
    assert errors_of(Everything()) == []


def test_the_packages_own_forms_wear_the_same_clothes() -> None:
    html = str(AuthenticationForm())
    assert "govuk-password-input" in html
    assert html.count("govuk-form-group") == 2


def test_a_formsets_errors_are_told_with_the_boxes_of_each_row() -> None:
    formset = forms.formset_factory(Everything, extra=0, min_num=2)(
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-supplier": "A"}
    )
    anchors = [item.anchor for item in errors_of(formset)]
    assert "id_form-1-supplier" in anchors
    assert "id_form-0-supplier" not in anchors
