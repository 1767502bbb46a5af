"""Which file to read."""

from django import forms

from core.forms import ActForm, UploadField


class LedgerForm(ActForm):
    """A ledger file to be looked at."""

    file = UploadField(
        label="Ledger file",
        help_text="A spreadsheet or CSV, as it comes from the finance system. It is looked at and not kept.",
    )
    sheet = forms.CharField(
        label="Sheet",
        required=False,
        max_length=100,
        help_text="Leave it empty to read every visible sheet that holds a ledger.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
