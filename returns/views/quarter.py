"""The list of quarters, and a quarter: what is missing, closing it, opening it again, beginning a return."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from board import access, clock, quarters
from board.models import Programme, Quarter, Role
from board.quarters import MONEY, RESULTS
from board.views import ActPage, ConfirmPage, DetailPage, Fact, Link, ListPage
from core.forms import day_in_words
from core.problems import Refused
from funding.models import Claim
from returns import certifying, closing
from returns.filters import QuarterFilters, StatementFilters
from returns.forms import ReopeningForm
from returns.items import Item, Place
from returns.kinds import KINDS
from returns.kinds.scope import Scope, of_quarter
from returns.kinds.shape import Kind
from returns.models import Return
from returns.readiness import readiness
from returns.sending import standing_with_funder
from returns.tables import STATUS_COLOURS, QuarterTable, StatementTable

WHAT = {MONEY: "spend", RESULTS: "results"}
MOST_UNFOLDED = 8


def quarters_of(user: Any) -> QuerySet[Quarter]:
    """The quarters whose returns a person may look into: of the recipient's programmes, or all for an auditor."""
    role = user.acting
    rows = Quarter.objects.filter(programme__in=Programme.objects.visible_to(user))
    if role.kind != Role.Kind.AUDITOR:
        rows = rows.filter(programme__recipient=role.organisation)
    return rows.select_related("programme__recipient", "year")


class QuarterList(ListPage):
    """All quarters with the returns that were made of them."""

    action, heading = "returns.read", "Returns"
    lead = "Each quarter is closed, then its returns are prepared, checked and certified."
    table_class, filterset_class = QuarterTable, QuarterFilters

    def get_actions(self) -> Sequence[Link]:
        links = [Link("See every return and statement", reverse("returns:statements"), secondary=True)]
        if access.may(self.request.user, "packs.download") and self.get_queryset().exists():
            links.append(Link("Packs for an audit", reverse("returns:packs"), secondary=True))
        if access.may(self.request.user, "samples.read") and self.get_queryset().exists():
            links.append(Link("Samples of an audit", reverse("returns:samples"), secondary=True))
        if access.may(self.request.user, "templates.read"):
            links.append(Link("Templates of the funder", reverse("returns:templates"), secondary=True))
        return links

    def get_queryset(self) -> QuerySet[Quarter]:
        shown = Return.objects.visible_to(self.request.user).with_dispatch()
        claimed = Claim.objects.visible_to(self.request.user).in_force()
        return quarters_of(self.request.user).prefetch_related(
            Prefetch("returns_to", queryset=shown, to_attr="shown_returns"),
            Prefetch("claims", queryset=claimed, to_attr="shown_claims"),
        )


class StatementList(ListPage):
    """The returns that a person may see, one a row: for an organisation, the statements about it."""

    action, heading = "returns.read", "Returns and statements"
    lead = "All that you may see: of quarters, of years, of the whole programme, and about one organisation."
    table_class, filterset_class = StatementTable, StatementFilters

    def get_queryset(self) -> QuerySet[Return]:
        rows = Return.objects.visible_to(self.request.user)
        return rows.select_related(*certifying.RELATED).with_dispatch()

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns"))]


class QuarterPage(DetailPage):
    """One quarter: what is closed, what is missing for each return, and what can be done."""

    action, template_name = "returns.read", "returns/quarter.html"

    def get_queryset(self) -> QuerySet[Quarter]:
        return quarters_of(self.request.user)

    def get_section(self) -> str:
        return self.object.programme.name

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns"))]

    def get_facts(self) -> Sequence[Fact]:
        quarter = self.object
        facts = [
            Fact("Programme", quarter.programme.code),
            Fact("Results due from suppliers", f"{quarter.provider_due_on:%-d %B %Y}"),
            Fact("To be checked by", f"{quarter.check_due_on:%-d %B %Y}"),
            Fact("To be certified by", f"{quarter.certify_due_on:%-d %B %Y}"),
        ]
        for what, name in WHAT.items():
            if _takes(quarter, what):
                facts.append(Fact(name.capitalize(), _standing(quarter, what), tag=_colour(quarter, what)))
        return facts

    def get_actions(self) -> Sequence[Link]:
        quarter, user, links = self.object, self.request.user, []
        if not access.may(user, "quarters.close") or not access.is_of_recipient(user, quarter.programme):
            return []
        for what, name in WHAT.items():
            if not _takes(quarter, what):
                continue
            closed = quarters.closed_at(quarter, what) is not None
            if not closed or closing.needs_closing_again(quarter, what):
                again = " again" if closed else ""
                links.append(Link(f"Close for {name}{again}", reverse("returns:close", args=[quarter.pk, what])))
            else:
                url = reverse("returns:reopen", args=[quarter.pk, what])
                links.append(Link(f"Reopen for {name}", url, secondary=True))
        return links

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = KINDS.values()
        returns = [
            self._return(kind, scope) for kind in kinds if kind.subjects is None for scope in kind.scopes(self.object)
        ]
        several = [self._several(kind) for kind in kinds if kind.subjects is not None]
        found = {"returns": returns, "several": [group for group in several if group["rows"]]}
        return super().get_context_data(**{**found, **kwargs})

    def _several(self, kind: Kind) -> dict[str, Any]:
        """A kind of which there is one return for each subject: their latest revisions, or where one is begun."""
        names = {row.reference: row.name for row in kind.subjects(self.object)} if kind.subjects else {}
        rows = [
            {"name": names[scope.subject], "scope": scope, **self._latest_or_begin(kind, scope)}
            for scope in kind.scopes(self.object)
        ]
        return {
            "kind": kind,
            "rows": rows,
            "begun": sum(row["latest"] is not None for row in rows),
            # More would push the rest of the page out of sight.
            "folded": len(rows) > MOST_UNFOLDED,
        }

    def _latest_or_begin(self, kind: Kind, scope: Scope) -> dict[str, Any]:
        latest, begin = self._latest.get((kind.code, scope.first.pk, scope.subject)), ""
        if latest is None and certifying.may_begin(scope.programme, self.request.user):
            begin = reverse("returns:begin", args=[scope.last.pk, kind.code], query={"subject": scope.subject})
        colour = STATUS_COLOURS[Return.Status(latest.status)] if latest else ""
        return {"latest": latest, "colour": colour, "begin": begin}

    @cached_property
    def _latest(self) -> dict[tuple[str, int, str], Return]:
        """The latest revision of every return that ends here and has a subject, by kind, first quarter and subject."""
        rows = Return.objects.filter(last_quarter=self.object).exclude(subject="").order_by("revision")
        return {(row.kind, row.first_quarter_id, row.subject): row for row in rows}

    def _return(self, kind: Kind, scope: Scope) -> dict[str, Any]:
        """One return of the quarter: its latest revision, what it waits for, and where it is begun."""
        quarter, user = self.object, self.request.user
        series = certifying.series_of(kind.code, scope)
        latest = series[-1] if series else None
        paper = certifying.claimed_on_paper(quarter) if kind.code == Return.CLAIM else None
        begin = ""
        if latest is None and paper is None and certifying.may_begin(quarter.programme, user):
            begin = reverse("returns:begin", args=[quarter.pk, kind.code])
        return {
            "kind": kind,
            "latest": latest,
            "colour": STATUS_COLOURS[Return.Status(latest.status)] if latest else "",
            "paper": paper,
            "standing": standing_with_funder(latest) if latest else "",
            "groups": [] if paper or (latest and latest.is_frozen) else groups(items_of(kind, scope), user),
            "begin": begin,
        }


def items_of(kind: Kind, scope: Scope) -> list[Item]:
    """What a return waits for; where the record cannot even be read for it, that."""
    try:
        return readiness(kind.code, scope, clock.today())
    except Refused as refusal:
        return [Item(problem.code, problem.message, "blocking") for problem in refusal.problems]


def groups(items: Sequence[Item], user: Any) -> list[tuple[str, list[tuple[str, Place | None]]]]:
    """The items under their headings, empty ones left out, each with the place that the person may go to, if any."""
    titles = (
        ("blocking", "Must be put right first"),
        ("waived", "Waived"),
        ("warning", "Worth a look"),
        ("information", "For information"),
    )
    found = [
        (title, [(item.words, item.place_for(user)) for item in items if item.weight == weight])
        for weight, title in titles
    ]
    return [(title, rows) for title, rows in found if rows]


def _takes(quarter: Quarter, what: str) -> bool:
    never = Quarter.Kind.FOLLOW_UP if what == MONEY else Quarter.Kind.CLOSING
    return quarter.kind != never


def _standing(quarter: Quarter, what: str) -> str:
    closed = quarters.closed_at(quarter, what)
    if quarters.is_open(quarter, what, clock.now()):
        return "Reopened" if closed else "Open"
    if not closed:
        return "Not begun"
    by = quarter.money_closed_by if what == MONEY else quarter.results_closed_by
    return f"Closed on {day_in_words(timezone.localdate(closed))} by {by}"


def _colour(quarter: Quarter, what: str) -> str:
    if quarters.closed_at(quarter, what) is None:
        return "light-blue"
    return "yellow" if quarters.is_open(quarter, what, clock.now()) else "grey"


class AboutQuarter:
    """Pages that act on a quarter and lead back to it."""

    object: Quarter
    request: HttpRequest
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Quarter]:
        return quarters_of(self.request.user)

    def allowed(self) -> bool:
        return super().allowed()  # type: ignore[misc]

    def get_section(self) -> str:
        return str(self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns")), Link(str(self.object), self.get_back_url())]

    def get_back_url(self) -> str:
        return reverse("returns:quarter", args=[self.object.pk])

    def get_success_url(self, result: Any = None) -> str:
        return self.get_back_url()

    @cached_property
    def what(self) -> str:
        """Money or results, as the address says; 404 for anything else, or what the quarter never takes."""
        what = self.kwargs["what"]
        if what not in WHAT or not _takes(self.object, what):
            raise Http404
        return what


class Close(AboutQuarter, ConfirmPage):
    """Close a quarter for spend or for results."""

    action, button, danger = "quarters.close", "Close", True
    template_name = "returns/close.html"

    def get_heading(self) -> str:
        return f"Close for {WHAT[self.what]}"

    def get_warning(self) -> str:
        if self.what == RESULTS:
            return "After this, suppliers can no longer fill in or change results. Late ones are taken with a reason."
        into = closing.into_which(self.object)
        if into is None:
            return (
                "After this, nothing more of the year can be recorded for the claim; what follows is its final claim."
            )
        return f"After this, nothing is recorded in the quarter. Its accruals are reversed into {into}."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind = KINDS[Return.CLAIM if self.what == MONEY else "performance"]
        waiting = [item for item in items_of(kind, of_quarter(self.object)) if item.code != "closed"]
        return super().get_context_data(**{"groups": groups(waiting, self.request.user), **kwargs})

    def act(self, form: Any) -> Quarter:
        return closing.close(quarter=self.object, what=self.what, by=self.request.user)

    def get_success_message(self, result: Quarter) -> str:
        return f"{result} is closed for {WHAT[self.what]}."


class Reopen(AboutQuarter, ActPage):
    """Open a closed quarter again until a day."""

    action, button, form_class = "quarters.reopen", "Reopen", ReopeningForm

    def get_heading(self) -> str:
        return f"Reopen for {WHAT[self.what]}"

    def act(self, form: ReopeningForm) -> Any:
        return closing.reopen(quarter=self.object, what=self.what, by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: Any) -> str:
        return f"{self.object} is open again for {WHAT[self.what]}. It shuts by itself."


class Begin(AboutQuarter, ConfirmPage):
    """Begin a return of a quarter."""

    action, button = "returns.write", "Begin the return"

    @cached_property
    def kind(self) -> Kind:
        if self.kwargs["kind"] not in KINDS:
            raise Http404
        return KINDS[self.kwargs["kind"]]

    @cached_property
    def scope(self) -> Scope:
        """The return that ends with this quarter and is about the subject asked for, or 404."""
        subject = self.request.GET.get("subject", "")
        found = next((scope for scope in self.kind.scopes(self.object) if scope.subject == subject), None)
        if found is None:
            raise Http404
        return found

    def get_heading(self) -> str:
        return self.kind.named(self.scope)

    def get_warning(self) -> str:
        return "The draft shows the record as it stands; its figures follow the record until the return is certified."

    def act(self, form: Any) -> Return:
        return certifying.open_return(kind=self.kind.code, scope=self.scope, by=self.request.user)

    def get_success_url(self, result: Any = None) -> str:
        return result.get_absolute_url() if result else self.get_back_url()
