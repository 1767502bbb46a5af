"""The forms of what is followed while a contract runs: options, issues, actions, checks, files, named people."""

from typing import Any

from django import forms

from board.models import User
from contracts.forms.terms import ROLE_TITLE
from contracts.models import Check, ContractFile, Issue
from core.forms import ActForm, DayField, OnceForm, UploadField, VersionedForm
from core.money import NOUGHT, MoneyFormField


def _long(**kwargs: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **kwargs)


class OptionForm(OnceForm):
    use_by = DayField(label="Last day to use it")
    ends_on = DayField(label="New end, if it is used")
    amount = MoneyFormField(
        label="What it adds to the value", min_value=NOUGHT, help_text="In all; by project and year when it is used."
    )
    terms = _long(label="Terms", required=False, help_text="On which terms it can be used. No names of people.")


class WordsForm(ActForm):
    """An act on a row that needs nothing but words."""

    words = _long(label="Reason")


class FollowedForm(OnceForm):
    words = _long(label="What it is about", help_text="No names of people.")
    owner_title = forms.CharField(label="Owner", max_length=120, help_text=ROLE_TITLE)
    opened_on = DayField(label="Opened on")
    due_on = DayField(label="Due on")


class ActionForm(FollowedForm):
    issue = forms.ModelChoiceField(
        label="Issue", queryset=Issue.objects.none(), required=False, empty_label="None of the issues"
    )

    def __init__(self, *args: Any, issues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = "What is to be done"
        self.fields["words"].error_messages["required"] = "Enter what is to be done"
        self.fields["issue"].queryset = issues


class CloseForm(ActForm):
    words = _long(label="What came of it", help_text="No names of people.")
    closed_on = DayField(label="Closed on")


class CheckForm(OnceForm):
    what = forms.ChoiceField(label="What was checked", choices=Check.What.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label="More exactly", max_length=200, required=False, help_text="Such as public liability, £5 million."
    )
    reference = forms.CharField(
        label="Reference", max_length=80, help_text="Of the certificate, policy or letter. No names of people."
    )
    checked_on = DayField(label="Checked on")
    expires_on = DayField(label="Holds until")


class FileForm(ActForm):
    file = UploadField(label="File")
    what = forms.ChoiceField(label="What it is", choices=ContractFile.What.choices, widget=forms.RadioSelect)
    shared = forms.BooleanField(
        label="The provider sees it too",
        required=False,
        help_text="Otherwise it is for the officers, the chief finance officer and auditors alone.",
    )
    confirmed_no_names = forms.BooleanField(
        label="It names no victim, client or refuge",
        error_messages={"required": "Confirm that the file names no victim, client or refuge"},
    )


class TakeAwayForm(VersionedForm):
    reason = _long(label="Reason")


class AssignForm(ActForm):
    person = forms.ModelChoiceField(label="Person", queryset=User.objects.none(), empty_label="Choose a person")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people
