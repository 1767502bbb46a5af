"""The forms of a contract's terms: engage, sign, vary, extend, correct, review."""

from typing import Any

from django import forms

from board.models import Milestone, Organisation, User
from contracts.contracting import CORRECTABLE_AT_FIRST, CORRECTABLE_WHEN_SIGNED
from contracts.forms.values import ValuesForm
from contracts.models import Contract
from core.forms import ActForm, CountField, DayField, OnceForm, VersionedForm

ROLE_TITLE = "A role title, such as Commissioning officer. No name of a person."


def _long(**kwargs: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **kwargs)


def _decision() -> forms.CharField:
    return forms.CharField(
        label="Decision reference",
        max_length=10,
        required=False,
        help_text="As printed on the decision sheet: 113-23.",
        widget=forms.TextInput(attrs={"class": "govuk-input--width-10"}),
    )


class RegisterFields(ActForm):
    """What the register says of a contract besides its value."""

    title = forms.CharField(label="Title", max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=Contract.Kind.choices, widget=forms.RadioSelect)
    buyer = forms.ModelChoiceField(label="Buyer", queryset=Organisation.objects.none(), empty_label="Choose a buyer")
    provider = forms.ModelChoiceField(
        label="Provider", queryset=Organisation.objects.none(), empty_label="Choose a provider"
    )
    owner_title = forms.CharField(label="Contract owner", max_length=120, help_text=ROLE_TITLE)
    tier = forms.ChoiceField(
        label="Tier",
        choices=Contract.Tier.choices,
        widget=forms.RadioSelect,
        initial=Contract.Tier.SILVER,
        help_text="Gold is managed most closely.",
    )
    signed_on = DayField(label="Signed on", required=False, help_text="Leave it empty until the last party has signed.")
    starts_on = DayField(label="Starts on")
    ends_on = DayField(label="Ends on")
    notice_days = CountField(
        label="Days of notice", initial=90, max_value=730, help_text="How long before its end notice is given, in days."
    )
    review_on = DayField(label="Next review", required=False)
    decision_reference = _decision()
    procurement_route = forms.CharField(
        label="Procurement route",
        max_length=120,
        required=False,
        help_text="Such as competitive quotation, published tender, direct award.",
    )
    description = _long(
        label="What is delivered", required=False, help_text="As it may be published. No names of people."
    )
    reasons = _long(
        label="Reasons for it",
        required=False,
        help_text="Why it is good value for money; of a grant, how it reduces crime and disorder.",
    )
    includes_irrecoverable_vat = forms.BooleanField(
        label="The value carries VAT that the provider cannot recover", required=False
    )


class EngageForm(OnceForm, ValuesForm, RegisterFields):
    """A new contract, with its value by project and year on the same page."""

    reference = forms.CharField(
        label="Reference", max_length=40, help_text="Letters, digits and dashes, such as CHB-2025. It never changes."
    )
    names_before = (
        "reference",
        "title",
        "kind",
        "buyer",
        "provider",
        "owner_title",
        "starts_on",
        "ends_on",
        "signed_on",
    )

    def __init__(self, *args: Any, user: User, is_of_recipient: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = Organisation.objects.order_by("name")
        own = everybody.filter(pk=user.acting.organisation_id)  # type: ignore[union-attr]
        self.fields["provider"].queryset = everybody.exclude(kind=Organisation.Kind.HOME_OFFICE)
        buys = (Organisation.Kind.PFCC, Organisation.Kind.COUNCIL, Organisation.Kind.POLICE)
        self.fields["buyer"].queryset = (own | everybody.filter(kind__in=buys)) if is_of_recipient else own
        self.fields["buyer"].initial = user.acting.organisation_id  # type: ignore[union-attr]

    def contract(self, programme: Any) -> Contract:
        """What was entered, as a contract that is not written yet."""
        names = (*RegisterFields.base_fields, "reference")
        return Contract(programme=programme, **{name: self.cleaned_data[name] for name in names})


class SignForm(VersionedForm):
    signed_on = DayField(
        label="Signed on", help_text="The day on which the last party signed. For example, 3 April 2023"
    )


class Reasoned(VersionedForm):
    """What a variation gives besides what it changes."""

    targets = _long(
        label="Change of targets",
        required=False,
        help_text="In words, as agreed. What each measure shall reach is set with the measures.",
    )
    reason = _long(label="Reason for the variation")
    decision_reference = _decision()
    approved_on = DayField(label="Approved on")
    retrospective_reason = _long(
        label="Why it was approved afterwards",
        required=False,
        help_text="Only where it was approved after the day on which it took effect.",
    )


class VaryForm(ValuesForm, Reasoned):
    """What changes of value by project and year, end and targets."""

    ends_on = DayField(label="New end", required=False, help_text="Leave it empty where the end stays.")
    effective_on = DayField(label="Takes effect on")
    field_order = (
        "ends_on", "targets", "reason", "decision_reference", "effective_on", "approved_on", "retrospective_reason",
    )  # fmt: skip


class ExtendForm(VaryForm):
    """A later end, with what the contract is worth until then."""

    ends_on = DayField(label="New end")


class UseOptionForm(ValuesForm, Reasoned):
    """The value of an option by project and year, and the decision that uses it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["targets"]
        self.fields["reason"].label = "Reason for using it"


class CorrectForm(VersionedForm, RegisterFields):
    """What is wrong in the register, and why it is changed."""

    reason = _long(label="Reason for the correction", help_text="What was wrong, and where the right entry is found.")

    def __init__(self, *args: Any, names: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names
        for name in set(RegisterFields.base_fields) - set(names):
            del self.fields[name]
        for name in (*CORRECTABLE_AT_FIRST, *CORRECTABLE_WHEN_SIGNED):
            if name in self.fields:
                self.fields[name].required, self.fields[name].help_text = True, ""

    def changes(self) -> dict[str, object]:
        return {name: self.cleaned_data[name] for name in self.names}


class ReviewForm(VersionedForm):
    reviewed_on = DayField(label="Reviewed on")
    words = _long(label="What came of it", help_text="A sentence or two for the record of acts. No names of people.")
    next_on = DayField(label="Next review", required=False, help_text="Leave it empty where none follows.")


class MilestonesForm(ActForm):
    milestones = forms.ModelMultipleChoiceField(
        label="Milestones",
        queryset=Milestone.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="When each is met is reported with the results.",
    )

    def __init__(self, *args: Any, milestones: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["milestones"].queryset = milestones
