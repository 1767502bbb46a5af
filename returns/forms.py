"""The forms of the returns: words of a section, reasons, the reopening of a quarter."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from board.models import Organisation
from core.forms import ActForm, DayField


class CommentaryForm(ActForm):
    """The words of one part of a return. `version` is that of the words on screen; empty where there were none."""

    words = forms.CharField(widget=forms.Textarea(attrs={"rows": 10}), required=False, label="Your words")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    marks_optional = False


class SignatureForm(ActForm):
    """Nothing to fill in. `version` is that of the return on screen, which is what is signed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReasonForm(ActForm):
    """One reason."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), label="Reason")


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
