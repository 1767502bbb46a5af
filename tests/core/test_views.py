"""The page classes, over small pages made here."""

from io import BytesIO
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client, RequestFactory
from django.urls import include, path
from django_filters import CharFilter
from openpyxl import load_workbook

from board.models import Organisation
from core import views
from core.filters import Filters
from core.forms import OnceForm
from core.problems import Problem, Refused
from core.tables import Column, CountColumn, Table


class OrganisationTable(Table):
    caption = "Organisations"
    code = Column("Code")
    number = CountColumn("Number", accessor="pk", total=True)


class OrganisationFilters(Filters):
    code = CharFilter(lookup_expr="icontains", label="Code")


class Allowed:
    """Says yes to what begins with "may"."""

    permission = staticmethod(lambda user, action: action.startswith("may"))


class OrganisationList(Allowed, views.ListPage):
    action, heading, section = "may read", "Organisations", "The board"
    table_class, filterset_class = OrganisationTable, OrganisationFilters
    per_page = 2

    def get_queryset(self) -> Any:
        return Organisation.objects.order_by("code")

    def get_actions(self) -> list[views.Link]:
        return [views.Link("Rename", "/rename/a")]


class OrganisationPage(Allowed, views.DetailPage):
    action, lookup = "may read", "code"

    def get_queryset(self) -> Any:
        return Organisation.objects.exclude(code="hidden")

    def get_facts(self) -> list[views.Fact]:
        return [views.Fact("Kind", "Council", tag="blue"), views.Fact("Note", ""), views.Fact("Up", "All", url="/list")]

    def get_tables(self) -> list[Table]:
        return [OrganisationTable(Organisation.objects.all(), prefix="one-")]


class NameForm(OnceForm):
    name = forms.CharField(label="Name")


class Rename(Allowed, views.ActPage):
    action, heading, button, lookup = "may rename", "Rename", "Rename it", "code"
    form_class, success_message = NameForm, "Renamed."

    def get_queryset(self) -> Any:
        return Organisation.objects.exclude(code="hidden")

    def act(self, form: Any) -> Organisation:
        name = form.cleaned_data["name"]
        if name == "refused":
            raise Refused(
                [
                    Problem("N1", "That name is taken.", where="name"),
                    Problem("N2", "2023-24 Q1 is closed.", where="quarter"),
                    Problem("N3", "The name is short.", blocking=False),
                ]
            )
        if name == "invalid":
            raise ValidationError({"name": ["The name is invalid."]})
        self.object.short_name = name
        self.object.save()
        return self.object

    def get_success_url(self, result: Any = None) -> str:
        return f"/one/{result.code}"


class Remove(Rename, views.ConfirmPage):
    heading, warning, danger, button = "Remove it?", "It cannot be put back.", True, "Remove"
    template_name = views.ConfirmPage.template_name


class Forbidden(Allowed, views.ListPage):
    action, table_class = "never", OrganisationTable


urlpatterns = [
    path("", include("config.urls")),
    path("list", OrganisationList.as_view()),
    path("one/<str:code>", OrganisationPage.as_view()),
    path("rename/<str:code>", Rename.as_view()),
    path("remove/<str:code>", Remove.as_view()),
    path("forbidden", Forbidden.as_view()),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def signed_in(client: Client) -> Client:
    for code in ("a", "b", "c", "hidden"):
        Organisation.objects.create(code=code, name=f"Council {code}", short_name=f"Council {code}", kind="council")
    user = get_user_model().objects.create_user("officer@example.org", "a long enough secret", name="Finance officer")
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return response.content.decode()


def test_a_page_that_is_not_allowed_is_forbidden(signed_in: Client) -> None:
    assert signed_in.get("/forbidden").status_code == 403


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/list")["Location"].startswith("/accounts/login/")


def test_a_page_that_says_no_action_does_not_open(rf: RequestFactory) -> None:
    class Bare(Allowed, views.Page):
        template_name = "base.html"

    with pytest.raises(ImproperlyConfigured, match="names no action"):
        Bare.as_view()(rf.get("/"))


def test_a_list_shows_its_heading_its_rows_and_what_can_be_done(signed_in: Client) -> None:
    page = text(signed_in.get("/list"))
    assert "<title>Organisations – Domestic abuse perpetrator fund" in page
    assert '<h1 class="govuk-heading-l">Organisations</h1>' in page
    assert "Showing 1 to 2 of 4" in page
    assert 'href="/rename/a" role="button"' in page
    assert "govuk-table__caption--m govuk-visually-hidden" in page, "the heading says it already"


def test_a_list_is_narrowed_by_its_filters(signed_in: Client) -> None:
    response = signed_in.get("/list?code=hid")
    assert [row.record.code for row in response.context["table"].rows] == ["hidden"]
    assert " open>" in text(response), "the filters stay in sight while they narrow the list"


def test_the_download_holds_every_row_of_the_filtered_list(signed_in: Client) -> None:
    response = signed_in.get("/list?download=xlsx&sort=-code&page=2")
    assert response["Content-Disposition"] == 'attachment; filename="organisations.xlsx"'
    sheet = load_workbook(BytesIO(response.content)).active
    assert [row[0].value for row in sheet.iter_rows(min_row=4)] == ["hidden", "c", "b", "a"]
    narrowed = load_workbook(BytesIO(signed_in.get("/list?download=xlsx&code=hid").content)).active
    assert narrowed.max_row == 4


def test_the_link_to_the_download_keeps_the_filters(signed_in: Client) -> None:
    assert 'href="?code=c&amp;download=xlsx"' in text(signed_in.get("/list?code=c&page=1"))


def test_one_thing_shows_its_facts_and_tables(signed_in: Client) -> None:
    page = text(signed_in.get("/one/a"))
    assert '<strong class="govuk-tag govuk-tag--blue">Council</strong>' in page
    assert "Not given" in page
    assert '<a class="govuk-link" href="/list">All</a>' in page
    assert 'id="one-caption"' in page


@pytest.mark.parametrize("address", ["/one/hidden", "/rename/hidden", "/remove/hidden"])
def test_a_strangers_row_is_not_found(signed_in: Client, address: str) -> None:
    assert signed_in.get(address).status_code == 404
    assert signed_in.post(address, {"name": "x"}).status_code in (404, 405)
    assert Organisation.objects.get(code="hidden").short_name == "Council hidden"


def test_an_act_is_done_once_and_said(signed_in: Client) -> None:
    response = signed_in.post("/rename/a", {"name": "Essex"}, follow=True)
    assert response.redirect_chain == [("/one/a", 302)]
    assert "Renamed." in text(response)
    assert Organisation.objects.get(code="a").short_name == "Essex"


def test_a_refusal_returns_with_every_problem_and_what_was_typed(signed_in: Client) -> None:
    page = text(signed_in.post("/rename/a", {"name": "refused"}))
    assert "<title>Error: Rename" in page
    assert '<a href="#id_name">That name is taken.</a>' in page
    assert "2023-24 Q1 is closed." in page
    assert "Worth a look" in page and "The name is short." in page
    assert 'value="refused"' in page
    assert Organisation.objects.get(code="a").short_name == "Council a"


def test_a_models_refusal_returns_to_the_form(signed_in: Client) -> None:
    assert '<a href="#id_name">The name is invalid.</a>' in text(signed_in.post("/rename/a", {"name": "invalid"}))


def test_an_empty_form_names_what_is_missing(signed_in: Client) -> None:
    assert '<a href="#id_name">Enter name</a>' in text(signed_in.post("/rename/a", {}))


def test_a_question_warns_and_its_button_is_red(signed_in: Client) -> None:
    page = text(signed_in.get("/remove/a"))
    assert "It cannot be put back." in page
    assert "govuk-button--warning" in page


@pytest.mark.parametrize("address", ["/list?code=c", "/one/a", "/rename/a", "/remove/a"])
def test_pages_are_accessible_and_quiet_in_a_browser(
    signed_in: Client, page: Any, sign_in: Any, axe: Any, address: str
) -> None:
    sign_in(get_user_model().objects.get())
    page.goto(address)
    axe()


def test_a_form_with_errors_is_accessible_and_its_summary_has_the_focus(
    signed_in: Client, page: Any, sign_in: Any, axe: Any
) -> None:
    sign_in(get_user_model().objects.get())
    page.goto("/rename/a")
    page.get_by_role("button", name="Rename it").click()
    page.wait_for_function("document.activeElement.classList.contains('govuk-error-summary')")
    axe()
    page.get_by_role("link", name="Enter name").click()
    assert page.evaluate("document.activeElement.id") == "id_name"


def test_a_wide_table_scrolls_by_itself_on_a_telephone(signed_in: Client, page: Any, sign_in: Any) -> None:
    sign_in(get_user_model().objects.get())
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/list")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
