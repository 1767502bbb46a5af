"""Engaging, signing, varying, extending, correcting and reviewing."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from board.access import is_of_recipient
from board.models import Milestone, Programme
from board.views import ActPage, Fact, Link
from contracts.contracting import Changed, correct, correctable, engage, list_milestones, review, sign, vary
from contracts.forms.terms import (
    CorrectForm,
    EngageForm,
    ExtendForm,
    MilestonesForm,
    ReviewForm,
    SignForm,
    VaryForm,
)
from contracts.models import Contract
from contracts.rules import Place, places_of
from contracts.views.shared import WritesContract, terms_of
from core.forms import day_in_words
from core.money import NOUGHT


class Engage(ActPage):
    """Engage a provider in a programme: the register, and the value by project and year, in one page."""

    action, lookup, section = "contracts.write", "code", "Contracts"
    heading, button = "Engage a provider", "Engage"
    template_name = "contracts/terms.html"
    form_class = EngageForm

    def get_queryset(self) -> QuerySet[Programme]:
        return Programme.objects.visible_to(self.request.user).select_related("recipient")

    def get_lead(self) -> str:
        return f"In the {self.object}, {day_in_words(self.object.first_day)} to {day_in_words(self.object.last_day)}."

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Contracts", reverse("contracts:contracts"))]

    def get_actions(self) -> Sequence[Link]:
        """The other programmes that a contract can be of."""
        others = self.get_queryset().exclude(pk=self.object.pk).order_by("-first_day", "code")
        return [Link(f"In the {row} instead", reverse("contracts:engage", args=[row.code])) for row in others]

    def get_form_kwargs(self) -> dict[str, Any]:
        programme, user = self.object, self.request.user
        places = [place for place in places_of(programme) if place[0].programme_id == programme.pk]
        is_recipient = is_of_recipient(user, programme)
        return {**super().get_form_kwargs(), "places": places, "user": user, "is_of_recipient": is_recipient}

    def get_back_url(self) -> str:
        return reverse("contracts:contracts")

    def act(self, form: EngageForm) -> Contract:
        contract = form.contract(self.object)
        return engage(contract=contract, values=form.values, by=self.request.user, once=form.cleaned_data["once"])

    def get_success_message(self, result: Contract) -> str:
        return f"{result.reference} with {result.provider} is in the register."

    def get_success_url(self, result: Any = None) -> str:
        return result.get_absolute_url()


class Sign(WritesContract):
    """Record the signature."""

    form_class, heading, button = SignForm, "Record the signature", "Record the signature"

    def get_facts(self) -> Sequence[Fact]:
        return terms_of(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"rows": self.get_facts(), **kwargs})

    def act(self, form: SignForm) -> Changed:
        given = form.cleaned_data
        changed = sign(
            contract=self.object, signed_on=given["signed_on"], by=self.request.user, seen_version=given["version"],
            above=self.above,
        )  # fmt: skip
        self.warn(changed.warnings)
        return changed

    def get_success_message(self, result: Changed) -> str:
        return f"{result.contract.reference} is on record as signed on {day_in_words(result.contract.signed_on)}."


class Vary(WritesContract):
    """Change a contract's value, end or targets."""

    form_class: type[VaryForm] = VaryForm
    heading, button = "Vary the contract", "Record the variation"
    template_name = "contracts/terms.html"

    def get_facts(self) -> Sequence[Fact]:
        return terms_of(self.object)

    @cached_property
    def standing(self) -> dict[tuple[int, int], Decimal]:
        """What is in force, by the keys of project and year."""
        found: dict[tuple[int, int], Decimal] = {}
        for project, year, amount in self.object.values.values_list("project", "year", "amount"):
            found[project, year] = found.get((project, year), NOUGHT) + amount
        return found

    def places(self) -> list[Place]:
        """Where the contract is worth something already, and every other place of its programme and later ones."""
        return places_of(self.object.programme)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "places": self.places(), "standing": self.standing}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = "Enter what is added, with a minus what is taken off, in pounds. An empty box changes nothing."
        return super().get_context_data(**{"rows": self.get_facts(), "about_values": words, **kwargs})

    def form_invalid(self, form: Any) -> Any:
        response_of = super().form_invalid
        self.__dict__.pop("standing", None)
        form.standing = self.standing
        return response_of(form)

    def act(self, form: VaryForm) -> Changed:
        given = {name: value for name, value in form.cleaned_data.items() if name not in form.boxes}
        seen = given.pop("version")
        changed = vary(
            contract=self.object,
            changes=form.values,
            by=self.request.user,
            seen_version=seen,
            above=self.above,
            **given,
        )
        self.warn(changed.warnings)
        return changed

    def get_success_message(self, result: Changed) -> str:
        return f"Variation {result.variation.number} of {result.contract.reference} is on record."


class Extend(Vary):
    """Carry a contract on to a later end, into a continuation year too."""

    form_class = ExtendForm
    heading, button = "Extend the contract", "Record the extension"

    def get_lead(self) -> str:
        return (
            "An extension is a variation. Value of a continuation year is of that year’s own programme: "
            "targets and caseload follow the contract, and money never does."
        )


class Correct(WritesContract):
    """Put a slip in the register right."""

    form_class, heading, button = CorrectForm, "Correct the register", "Save the correction"

    def get_lead(self) -> str:
        return "For slips of the pen. What both parties agreed changes by a variation."

    @cached_property
    def names(self) -> tuple[str, ...]:
        return correctable(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **{name: getattr(self.object, name) for name in self.names}}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "names": self.names}

    def act(self, form: CorrectForm) -> Changed:
        given = form.cleaned_data
        changed = correct(
            contract=self.object, changes=form.changes(), reason=given["reason"], by=self.request.user,
            seen_version=given["version"], above=self.above,
        )  # fmt: skip
        self.warn(changed.warnings)
        return changed

    def get_success_message(self, result: Changed) -> str:
        return "The register is corrected. What it said before stays in its history."


class Review(WritesContract):
    """Record a review, and when the next one is."""

    form_class, heading, button = ReviewForm, "Record a review", "Record the review"
    success_message = "The review is on record."

    def act(self, form: ReviewForm) -> Contract:
        given = dict(form.cleaned_data)
        return review(contract=self.object, by=self.request.user, seen_version=given.pop("version"), **given)


class ChooseMilestones(WritesContract):
    """Say which milestones of its projects the contract is about."""

    form_class, heading, button = MilestonesForm, "Choose its milestones", "Save"
    success_message = "The milestones are listed."

    def offered(self) -> QuerySet[Milestone]:
        return Milestone.objects.filter(project__contract_values__contract=self.object).distinct()

    def get_lead(self) -> str:
        return "" if self.offered().exists() else "The projects that it serves have no milestones."

    def get_initial(self) -> dict[str, Any]:
        return {"milestones": self.object.milestones.filter(listed=True).values_list("milestone", flat=True)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "milestones": self.offered()}

    def act(self, form: MilestonesForm) -> None:
        list_milestones(contract=self.object, milestones=list(form.cleaned_data["milestones"]), by=self.request.user)
