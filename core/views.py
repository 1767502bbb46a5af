"""The few page classes: a list, one thing, an act, a question before an act. Who may see them is board's business.

A page names its `action`. `permission(user, action)` is set once, by the subclasses in board.views; a page
without it does not open. Rows come from `get_queryset()`, so that a stranger's row is a 404.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import slugify
from django.views.generic import TemplateView
from django.views.generic.edit import FormMixin
from django_filters import FilterSet
from django_tables2 import RequestConfig

from core.download import XLSX, table_as_xlsx
from core.forms import ActForm, add_problems, add_validation_error
from core.problems import Problem, Refused
from core.tables import Table


@dataclass(frozen=True)
class Link:
    """A link or a button. `secondary` for a grey button."""

    label: str
    url: str
    secondary: bool = False


@dataclass(frozen=True)
class Fact:
    """One line of a summary list. With `url` the value is a link, with `tag` (a colour, or "") a tag."""

    label: str
    value: Any
    url: str = ""
    tag: str | None = None


@dataclass(frozen=True)
class Status:
    """A status beside the heading, as a tag."""

    label: str
    colour: str = ""


class Page(TemplateView):
    """What all pages share. `heading` is the h1, `section` the small line over it, `lead` a sentence under it."""

    action: ClassVar[str] = ""
    permission: ClassVar[Callable[[Any, str], bool] | None] = None
    heading: str = ""
    section: str = ""
    lead: str = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.allowed():
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def allowed(self) -> bool:
        """Whether the person may do this page's action. Which rows they see is get_queryset's to say."""
        permission = type(self).permission
        if permission is None or not self.action:
            raise ImproperlyConfigured(f"{type(self).__name__} names no action, or nobody says who may do it")
        return permission(self.request.user, self.action)

    def get_heading(self) -> str:
        return self.heading

    def get_section(self) -> str:
        return self.section

    def get_lead(self) -> str:
        return self.lead

    def get_status(self) -> Status | None:
        return None

    def get_breadcrumbs(self) -> Sequence[Link]:
        """From the front page down to the page above this one."""
        return ()

    def get_actions(self) -> Sequence[Link]:
        """What can be done from here: only what the person may do."""
        return ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "heading": self.get_heading(),
                "caption": self.get_section(),
                "lead": self.get_lead(),
                "status": self.get_status(),
                "breadcrumbs": self.get_breadcrumbs(),
                "actions": self.get_actions(),
                **kwargs,
            }
        )


class RowPage(Page):
    """A page about one row. `lookup` names the field and the part of the address, "pk" unless said."""

    lookup: str = "pk"

    def get_queryset(self) -> QuerySet[Any]:
        raise ImproperlyConfigured(f"{type(self).__name__} is about a row and must say get_queryset()")

    @cached_property
    def object(self) -> Any:
        """The row, or 404 where the person does not see it."""
        return get_object_or_404(self.get_queryset(), **{self.lookup: self.kwargs[self.lookup]})


class ListPage(Page):
    """A list with filters, sorting, pages, totals and a download. A subclass says get_queryset() and table_class."""

    template_name = "generic/list.html"
    table_class: type[Table]
    filterset_class: type[FilterSet] | None = None
    per_page = 50

    def get_queryset(self) -> QuerySet[Any] | list[Any]:
        raise ImproperlyConfigured(f"{type(self).__name__} must say get_queryset()")

    @cached_property
    def filterset(self) -> FilterSet | None:
        if self.filterset_class is None:
            return None
        names = self.filterset_class.base_filters
        given = self.request.GET if any(name in self.request.GET for name in names) else None
        return self.filterset_class(given, queryset=self.get_queryset(), request=self.request)

    def rows(self) -> QuerySet[Any] | list[Any]:
        """The rows after the filters; none where a filter could not be read, and the form says why."""
        if self.filterset is None:
            return self.get_queryset()
        if self.filterset.is_bound and not self.filterset.is_valid():
            return self.filterset.queryset.none()
        return self.filterset.qs

    def get_table(self) -> Table:
        return self.table_class(self.rows())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("download") == "xlsx":
            return self.download()
        return super().get(request, *args, **kwargs)

    def download(self) -> HttpResponse:
        """Every row of the filtered, sorted list as .xlsx."""
        table = RequestConfig(self.request, paginate=False).configure(self.get_table())
        name = f"{slugify(self.get_heading())}.xlsx"
        self.downloaded(name)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(table_as_xlsx(table, self.get_heading()), content_type=XLSX, headers=headers)

    def downloaded(self, name: str) -> None:
        """A hook for board.views: a download is an event."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        table = RequestConfig(self.request, paginate={"per_page": self.per_page}).configure(self.get_table())
        table.caption_hidden = table.caption == self.get_heading()
        query = self.request.GET.copy()
        query.pop("page", None)
        query["download"] = "xlsx"
        return super().get_context_data(
            **{"table": table, "filter": self.filterset, "download_url": f"?{query.urlencode()}", **kwargs}
        )


class DetailPage(RowPage):
    """One thing: facts, tables, and what can be done with it."""

    template_name = "generic/detail.html"

    def get_heading(self) -> str:
        return self.heading or str(self.object)

    def get_facts(self) -> Sequence[Fact]:
        return ()

    def get_tables(self) -> Sequence[Table]:
        """Tables under the facts, unpaged; give each its own `prefix` where there are several."""
        return ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = [RequestConfig(self.request, paginate=False).configure(table) for table in self.get_tables()]
        return super().get_context_data(**{"object": self.object, "rows": self.get_facts(), "tables": shown, **kwargs})


class ActPage(FormMixin, RowPage):
    """A form that does one act. A subclass says form_class and act(); get_queryset() where it is about a row.

    A refusal returns to the form with all problems, in the boxes that they name, and nothing typed is lost.
    """

    template_name = "generic/form.html"
    form_class: type[forms.BaseForm] = ActForm
    button = "Save"
    success_message = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.request = request
        # A stranger's row is a 404 before anything about it is shown, and 403 comes before that.
        if self.allowed() and self.is_about_a_row:
            self.object  # noqa: B018
        return super().dispatch(request, *args, **kwargs)

    @property
    def is_about_a_row(self) -> bool:
        return type(self).get_queryset is not RowPage.get_queryset

    def act(self, form: forms.BaseForm) -> Any:
        """Do it: call the act with form.cleaned_data and `by=self.request.user`; it may raise Refused."""
        raise ImproperlyConfigured(f"{type(self).__name__} must say act()")

    def get_success_message(self, result: Any) -> str:
        return self.success_message

    def get_success_url(self, result: Any = None) -> str:
        """Where to go when it is done; `result` is what act() returned."""
        if isinstance(result, Model) and hasattr(result, "get_absolute_url"):
            return result.get_absolute_url()
        if self.is_about_a_row and hasattr(self.object, "get_absolute_url"):
            return self.object.get_absolute_url()
        raise ImproperlyConfigured(f"{type(self).__name__} must say get_success_url(result)")

    def get_back_url(self) -> str:
        """Where Cancel leads; empty for none."""
        if self.is_about_a_row and hasattr(self.object, "get_absolute_url"):
            return self.object.get_absolute_url()
        return ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        try:
            result = self.act(form)
        except Refused as refusal:
            add_problems(form, refusal.problems)
            return self.form_invalid(form)
        except ValidationError as error:
            add_validation_error(form, error)
            return self.form_invalid(form)
        if words := self.get_success_message(result):
            messages.success(self.request, words)
        return redirect(self.get_success_url(result))

    def form_invalid(self, form: forms.BaseForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))

    def warn(self, problems: Sequence[Problem]) -> None:
        """Say on the next page what the act let through but found worth a look."""
        for problem in problems:
            messages.warning(self.request, problem.message)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"button": self.button, "back_url": self.get_back_url(), **kwargs})


class ConfirmPage(ActPage):
    """A question before an act: `warning` says what follows from it, `danger` makes the button red."""

    template_name = "generic/confirm.html"
    button = "Confirm"
    warning = ""
    danger = False

    def get_warning(self) -> str:
        return self.warning

    def get_facts(self) -> Sequence[Fact]:
        return ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"warning": self.get_warning(), "rows": self.get_facts(), "danger": self.danger, **kwargs}
        )
