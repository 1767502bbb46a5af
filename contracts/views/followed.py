"""Options, issues, actions, checks and named people of a contract."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Model
from django.forms import BaseForm
from django.shortcuts import get_object_or_404

from board import clock
from board.views import Fact
from contracts.assigning import assign, end, reporters_of
from contracts.checking import record_check
from contracts.contracting import Changed
from contracts.extending import decline, offer, use
from contracts.following import add_action, close_issue, complete_action, open_issue
from contracts.forms.followed import (
    ActionForm,
    AssignForm,
    CheckForm,
    CloseForm,
    FollowedForm,
    OptionForm,
    WordsForm,
)
from contracts.forms.terms import UseOptionForm
from contracts.models import Action, Assignment, Check, ExtensionOption, Issue
from contracts.rules import Place
from contracts.views.shared import WritesContract
from contracts.views.terms import Vary
from core.forms import day_in_words
from core.money import in_words


class OfRow(WritesContract):
    """An act on a row under the contract, named in the address by its number."""

    def row_of(self, model: type[Model]) -> Any:
        return get_object_or_404(model, contract=self.object, number=self.kwargs["number"])


class AddOption(WritesContract):
    form_class, heading, button = OptionForm, "Add an option", "Add the option"

    def act(self, form: BaseForm) -> ExtensionOption:
        return offer(contract=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: ExtensionOption) -> str:
        return f"Option {result.number} is on record."


class UseOption(OfRow, Vary):
    """Use an option, which writes a variation."""

    form_class = UseOptionForm
    button = "Use the option"

    @cached_property
    def option(self) -> ExtensionOption:
        return self.row_of(ExtensionOption)

    def get_heading(self) -> str:
        return f"Use option {self.option.number}"

    def get_facts(self) -> Sequence[Fact]:
        option = self.option
        return [
            Fact("Last day to use it", day_in_words(option.use_by)),
            Fact("New end", day_in_words(option.ends_on)),
            Fact("Adds", in_words(option.amount)),
            Fact("Terms", option.terms),
        ]

    def places(self) -> list[Place]:
        """The years that the option adds to the contract."""
        after, until = self.object.ends_on, self.option.ends_on
        return [place for place in super().places() if place[1].bounds[1] > after and place[1].bounds[0] <= until]

    def act(self, form: UseOptionForm) -> Changed:
        given = {name: value for name, value in form.cleaned_data.items() if name not in form.boxes}
        seen = given.pop("version")
        changed = use(
            option=self.option, changes=form.values, by=self.request.user, seen_version=seen, above=self.above, **given
        )
        self.warn(changed.warnings)
        return changed


class DeclineOption(OfRow):
    form_class, button = WordsForm, "Decline it"

    def get_heading(self) -> str:
        return f"Decline option {self.row_of(ExtensionOption).number}"

    def act(self, form: BaseForm) -> ExtensionOption:
        option = self.row_of(ExtensionOption)
        return decline(option=option, words=form.cleaned_data["words"], by=self.request.user)

    def get_success_message(self, result: ExtensionOption) -> str:
        return f"Option {result.number} is declined."


class AddIssue(WritesContract):
    form_class, heading, button = FollowedForm, "Open an issue", "Open the issue"

    def get_initial(self) -> dict[str, Any]:
        return {"opened_on": clock.today()}

    def act(self, form: BaseForm) -> Issue:
        return open_issue(contract=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Issue) -> str:
        return f"Issue {result.number} is open."


class AddAction(WritesContract):
    form_class, heading, button = ActionForm, "Add an action", "Add the action"

    def get_initial(self) -> dict[str, Any]:
        return {"opened_on": clock.today()}

    def get_form_kwargs(self) -> dict[str, Any]:
        issues = self.object.issues.still_open().select_related("contract")
        return {**super().get_form_kwargs(), "issues": issues}

    def act(self, form: BaseForm) -> Action:
        return add_action(contract=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Action) -> str:
        return f"Action {result.number} is on record."


class CloseFollowed(OfRow):
    """Close an issue or complete an action."""

    form_class = CloseForm
    model: type[Model]

    def get_initial(self) -> dict[str, Any]:
        return {"closed_on": clock.today()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row_of(self.model)
        facts = [Fact("About", row.words), Fact("Owner", row.owner_title), Fact("Due", day_in_words(row.due_on))]
        return super().get_context_data(**{"rows": facts, **kwargs})


class CloseIssue(CloseFollowed):
    model, button = Issue, "Close the issue"

    def get_heading(self) -> str:
        return f"Close issue {self.row_of(Issue).number}"

    def act(self, form: BaseForm) -> Issue:
        return close_issue(issue=self.row_of(Issue), by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Issue) -> str:
        return f"Issue {result.number} is closed."


class CompleteAction(CloseFollowed):
    model, button = Action, "Complete the action"

    def get_heading(self) -> str:
        return f"Complete action {self.row_of(Action).number}"

    def act(self, form: BaseForm) -> Action:
        return complete_action(action=self.row_of(Action), by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Action) -> str:
        return f"Action {result.number} is complete."


class AddCheck(WritesContract):
    form_class, heading, button = CheckForm, "Record a check", "Record the check"

    def act(self, form: BaseForm) -> Check:
        return record_check(contract=self.object, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Check) -> str:
        return f"Check {result.number} holds until {day_in_words(result.expires_on)}."


class RenewCheck(OfRow, AddCheck):
    """A new row in the place of an earlier one, which stays as it was."""

    button = "Renew the check"

    @cached_property
    def earlier(self) -> Check:
        return self.row_of(Check)

    def get_heading(self) -> str:
        return f"Renew check {self.earlier.number}"

    def get_lead(self) -> str:
        return f"{self.earlier.title}. It holds until {day_in_words(self.earlier.expires_on)}."

    def get_initial(self) -> dict[str, Any]:
        return {"what": self.earlier.what, "words": self.earlier.words, "reference": self.earlier.reference}

    def act(self, form: BaseForm) -> Check:
        return record_check(contract=self.object, renews=self.earlier, by=self.request.user, **form.cleaned_data)


class Assign(WritesContract):
    """Keep the contract to a person of the provider, and to any others named for it."""

    form_class, heading, button = AssignForm, "Keep it to a person", "Keep it to this person"
    success_message = "From now on only those named see the contract and its results."

    def get_lead(self) -> str:
        return (
            f"Where {self.object.provider} wants it narrower: of its reporters only those named then see this "
            "contract, and see and fill in its results."
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        named = self.object.assignments.in_force().values("person")
        people = reporters_of(self.object, clock.today()).exclude(pk__in=named)
        return {**super().get_form_kwargs(), "people": people}

    def act(self, form: BaseForm) -> Assignment:
        return assign(contract=self.object, person=form.cleaned_data["person"], by=self.request.user)


class EndAssignment(WritesContract):
    form_class, button = WordsForm, "Name them no more"

    @cached_property
    def assignment(self) -> Assignment:
        named = self.object.assignments.in_force().select_related("contract", "person")
        return get_object_or_404(named, pk=self.kwargs["pk"])

    def get_heading(self) -> str:
        return f"Name {self.assignment.person} no more?"

    def get_lead(self) -> str:
        return "After the last one, every reporter of the provider sees the contract and its results again."

    def act(self, form: BaseForm) -> Assignment:
        return end(assignment=self.assignment, reason=form.cleaned_data["words"], by=self.request.user)
