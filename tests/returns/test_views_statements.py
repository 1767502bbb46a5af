"""The pages of statements: begun from the quarter's page, made firm by the recipient, signed by another's officer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board import clock
from returns import certifying
from returns.due import due
from returns.models import Return
from tests.factories import person
from tests.returns.scenes import Scene
from tests.returns.test_kinds_match import Council
from tests.returns.test_views import page, quarter_url, signed_in

pytestmark = pytest.mark.usefixtures("quick_pdf")


@pytest.fixture
def council(scene: Scene) -> Council:
    made = Council(scene)
    made.ready()
    return made


def test_the_quarters_page_offers_a_statement_of_each_funder(council: Council, scene: Scene) -> None:
    shown = page(scene.finance, quarter_url(scene))
    assert "Match funding statements" in shown
    url = reverse("returns:begin", args=[scene.quarter().pk, "match"], query={"subject": "ecc"})
    assert url in shown
    assert "Match funding statement: Essex County Council" in page(scene.finance, url)


def test_no_statement_is_begun_of_somebody_who_gives_no_match(council: Council, scene: Scene) -> None:
    for query in ({"subject": "thurrock"}, {}):
        url = reverse("returns:begin", args=[scene.quarter().pk, "match"], query=query)
        assert signed_in(scene.finance).post(url).status_code == 404
    assert not Return.objects.exists()


def test_a_statement_goes_from_the_recipients_page_to_the_funders_signature(council: Council, scene: Scene) -> None:
    recipient, funder = signed_in(scene.finance), signed_in(council.finance)
    recipient.post(reverse("returns:begin", args=[scene.quarter().pk, "match"], query={"subject": "ecc"}))
    the_return = Return.objects.get(kind="match")
    assert "Make the figures firm" in page(scene.finance, the_return.get_absolute_url())
    assert funder.get(the_return.get_absolute_url()).status_code == 404
    recipient.post(reverse("returns:sign", args=[the_return.pk, "prepare"]))
    assert [line.words for line in due(council.finance, today=clock.today(), moment=clock.now())] == [
        "Sign the match funding statement for 2023-24 Q1 (April to June 2023)"
    ]
    shown = page(council.finance, the_return.get_absolute_url())
    assert "Match funding statement: Essex County Council" in shown and "£8,000.00" in shown
    funder.post(reverse("returns:sign", args=[the_return.pk, "certify"]))
    the_return.refresh_from_db()
    assert the_return.status == "certified"
    assert the_return.signatures.get().person == council.finance


def test_a_funder_finds_its_own_under_statements_and_another_finds_nothing(council: Council, scene: Scene) -> None:
    certifying.certify(the_return=council.firm(), by=council.finance)
    url = reverse("returns:statements")
    assert "Match funding statement" in page(council.finance, url)
    assert "Essex County Council" in page(scene.commissioning, f"{url}?kind=match&status=certified")
    for other in (person("finance-officer", "southend"), person("cfo", "thurrock")):
        shown = page(other, url)
        assert "No return or statement that you may see fits." in shown and "Essex County Council" not in shown


def test_another_funder_and_a_provider_open_no_page_and_no_file_of_it(council: Council) -> None:
    the_return = certifying.certify(the_return=council.firm(), by=council.finance)
    names = [("return", ()), ("read", ()), ("receipt", ()), ("file", ("pdf",)), ("sign", ("certify",))]
    for other, status in ((person("finance-officer", "southend"), 404), (person("kpi-reporter", "change"), 403)):
        for name, more in names:
            answer = signed_in(other).get(reverse(f"returns:{name}", args=[the_return.pk, *more]))
            assert answer.status_code == status, (name, other)


def test_the_list_of_statements_asks_the_database_no_more_for_more_rows(council: Council, scene: Scene) -> None:
    council.firm()
    client, url = signed_in(scene.finance), reverse("returns:statements")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    scene.open_return()
    scene.open_return("performance", by=scene.commissioning)
    with CaptureQueriesContext(connection) as many:
        assert client.get(url).content.count(b"govuk-tag--") == 3
    assert len(many) == len(few)
