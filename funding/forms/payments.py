"""When an invoice was received and paid."""

from django import forms

from core.forms import DayField, VersionedForm


class PaymentDatesForm(VersionedForm):
    """The two dates of an invoice, and why it was disputed. Each may be left empty."""

    marks_optional = False

    received_on = DayField(
        label="Invoice received on",
        required=False,
        help_text="The day on which a valid invoice came in. For example, 3 August 2023",
    )
    paid_on = DayField(label="Paid on", required=False, help_text="Leave it empty while it is not paid.")
    dispute_reason = forms.CharField(
        label="If it was disputed or not valid, why?",
        help_text="It is then outside the 30 days. No person’s name.",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
