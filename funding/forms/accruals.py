"""Raising accruals at a quarter's end, and saying what became of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from board.models import Quarter
from core.forms import OnceForm, day_in_words
from core.money import MoneyFormField, in_words
from funding.accruals import Prompt
from funding.forms.charges import RowChoice
from funding.models import Transaction

MONEY_BOX = {"class": "govuk-input--width-10"}
AGAIN, SETTLED, BACK, STANDS = "again", "settled", "back", "stands"


class RaiseForm(OnceForm):
    """A box for each contract's line with service in the quarter and no invoice; an empty one raises nothing.

    Where nothing at all is recorded the suggestion stands in the box; where a part is, beside it.
    """

    marks_optional = False

    description = forms.CharField(
        label="Description", max_length=200, help_text="What was received. No names of people."
    )

    def __init__(self, *args: Any, prompts: Sequence[Prompt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prompts = {prompt.key: prompt for prompt in prompts}
        for key, prompt in self.prompts.items():
            line = prompt.line
            self.fields[key] = MoneyFormField(
                label=f"{prompt.contract.reference} {prompt.contract.provider}: {line.project} · {line.heading}",
                help_text=basis_of(prompt),
                required=False,
                initial=prompt.suggested if prompt.has_nothing else None,
                widget=forms.TextInput(attrs=MONEY_BOX),
            )

    def amounts(self) -> dict[Prompt, Decimal]:
        """What is to be accrued, by prompt."""
        given = self.cleaned_data
        return {prompt: given[key] for key, prompt in self.prompts.items() if given.get(key) is not None}


def basis_of(prompt: Prompt) -> str:
    """From what the suggestion follows, in words."""
    how = "The commitment by days" if prompt.by_days else "The quarter’s profile"
    recorded = "nothing is recorded" if prompt.has_nothing else f"{in_words(prompt.recorded)} is recorded"
    return (
        f"{how} is {in_words(prompt.expected)}, {recorded} of the quarter’s service, "
        f"{in_words(prompt.left)} is still committed. Suggested: {in_words(prompt.suggested)}."
    )


class OutcomeForm(OnceForm):
    """What became of an accrual."""

    marks_optional = False

    what = forms.ChoiceField(label="What became of it?", widget=forms.RadioSelect)
    invoice = RowChoice(label="Its invoice", required=False, help_text="Where it has come: the entry that it is.")
    quarter = RowChoice(label="Raised again in", required=False)
    amount = MoneyFormField(
        label="Estimate",
        required=False,
        help_text="Where it is raised again: the same, or what is expected now.",
        widget=forms.TextInput(attrs=MONEY_BOX),
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        help_text="Needed to write it back, to let it stand, and from the third time that it is raised again.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self,
        *args: Any,
        is_standing: bool,
        invoices: Sequence[Transaction],
        quarters: Sequence[Quarter],
        **kwargs: Any,
    ) -> None:
        """`is_standing`: it stands in a closing period, so that it is written back there or stands with a reason."""
        super().__init__(*args, **kwargs)
        if is_standing:
            self.fields["what"].choices = [
                (BACK, "No invoice comes: write it back"),
                (STANDS, "It stands at the year’s final claim, for a reason"),
            ]
            for name in ("invoice", "quarter", "amount"):
                del self.fields[name]
            return
        self.fields["what"].choices = [
            (SETTLED, "Its invoice is recorded: settle it"),
            (AGAIN, "No invoice has come yet: raise it again"),
            (BACK, "No invoice comes: write it back"),
        ]
        words = [(row.pk, invoice_words(row)) for row in invoices]
        self.fields["invoice"].offer(invoices, [("", "Choose the entry"), *words])
        self.fields["quarter"].offer(quarters, [(quarter.pk, str(quarter)) for quarter in quarters])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        what = given.get("what")
        if what == SETTLED and not given.get("invoice") and "invoice" not in self.errors:
            self.add_error("invoice", ValidationError("Choose the entry that is its invoice"))
        if what == AGAIN and given.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", ValidationError("Enter the estimate"))
        if what == AGAIN and not given.get("quarter") and "quarter" not in self.errors:
            self.add_error("quarter", ValidationError("Choose the quarter in which it is raised again"))
        return given


def invoice_words(entry: Transaction) -> str:
    """An entry among others: its reference, document, date and cost."""
    parts = [entry.reference, entry.supplier_name, entry.document_number, day_in_words(entry.accounting_on)]
    return ", ".join([*filter(None, parts), in_words(entry.cost)])


def accrual_words(entry: Transaction) -> str:
    """An accrual among others: its reference, supplier, what it was for and its cost."""
    parts = [entry.reference, entry.supplier_name, entry.description, in_words(entry.cost)]
    return ", ".join(filter(None, parts))
