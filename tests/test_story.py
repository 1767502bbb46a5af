"""The ten steps of a quarter through the pages, and one figure that is equal in four places."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import uuid4

import openpyxl
import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from board import clock
from board.models import User
from core.money import in_words
from core.workbook import defined_name
from funding.models import Claim, SpendLine, Transaction
from returns.models import Document, Download, Return
from tests.pdf_text import text_of
from tests.returns.scenes import JULY, LATE_JULY, Scene

D = Decimal


@pytest.fixture
def scene(db: None) -> Iterator[Scene]:
    with clock.at(JULY):
        yield Scene()


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(client: Client, url: str, **answers: object) -> HttpResponse:
    """Fill in a page's form as a person would: with its hidden boxes, and following where it leads."""
    page = client.get(url)
    assert page.status_code == 200, (url, page.status_code)
    form = page.context["form"]
    hidden = (
        {field.html_name: "" if field.value() is None else field.value() for field in form.hidden_fields()}
        if form is not None
        else {}
    )
    response = client.post(url, {**hidden, **answers}, follow=True)
    wrong = response.context["form"].errors if response.context and "form" in response.context else {}
    assert response.redirect_chain, (url, wrong)
    return response


def record_invoice(scene: Scene, client: Client) -> None:
    line = scene.money.line()
    response = client.post(
        reverse("funding:record"),
        {
            "once": str(uuid4()),
            "kind": "actual",
            "contract": scene.contract.pk,
            "supplier_name": "The Change Project",
            "document_number": "TCP-0623",
            "description": "Sessions of June 2023",
            "accounting_on": "30 June 2023",
            "service_from": "01/06/2023",
            "service_to": "2023-06-30",
            "net": "£12,400.00",
            "split_by": "amount",
            "charges-TOTAL_FORMS": "1",
            "charges-INITIAL_FORMS": "0",
            "charges-0-line": line.pk,
            "charges-0-quarter": scene.quarter().pk,
            "charges-0-share": "",
        },
    )
    assert response.status_code == 302, response.context["form"].errors


def test_one_figure_is_equal_on_page_claim_workbook_and_pdf(scene: Scene) -> None:
    quarter, programme = scene.quarter(), scene.programme
    finance, checker, cfo = browse(scene.finance), browse(scene.commissioning), browse(scene.cfo)

    # 1-4. An officer records £12,400 for a provider contract; it is claimable and on the list.
    record_invoice(scene, finance)
    entry = Transaction.objects.get(document_number="TCP-0623")
    assert entry.lines.get().state == SpendLine.State.CLAIMABLE
    assert entry.reference in finance.get(reverse("funding:spend")).content.decode()

    # 5. Meanwhile the provider's results are accepted.
    scene.with_results()

    # 6. The variances are explained, the quarter is declared and its ledger reconciled; what is missing is said before.
    page = finance.get(reverse("returns:quarter", args=[quarter.pk])).content.decode()
    assert "has not declared its spend" in page
    for project in ("CHB", "SIS", "GDM"):
        sent(
            finance,
            reverse("funding:explain", args=[programme.code, quarter.code, project]),
            code="late-start",
            words="The award letter came in May, so work began late.",
        )
    sent(finance, reverse("funding:declare-source", args=[programme.code, "GRANT", quarter.code]), says="complete")
    ledger = reverse("funding:ledger-total", args=[programme.code, "pfcc", quarter.code])
    sent(finance, ledger, amount="12400.00", ledger_print="Cost centre 4711, run on 5 July 2023")

    # 7. A commissioning officer closes it; ordinary recording refuses from then on.
    sent(checker, reverse("returns:close", args=[quarter.pk, "money"]))
    sent(checker, reverse("returns:close", args=[quarter.pk, "results"]))
    offered = finance.get(reverse("funding:record")).context["formset"].forms[0].fields["quarter"].rows
    assert str(quarter.pk) not in offered

    # 8-9. Prepared, checked, certified: three people, one content hash.
    sent(finance, reverse("returns:begin", args=[quarter.pk, "claim"]))
    the_return = Return.objects.get(kind="claim")
    sign = [(finance, "prepare"), (checker, "check"), (cfo, "certify")]
    for client, act in sign:
        with clock.at(LATE_JULY):
            sent(client, reverse("returns:sign", args=[the_return.pk, act]))
    the_return.refresh_from_db()
    assert the_return.status == Return.Status.CERTIFIED
    assert {row.content_hash for row in the_return.signatures.all()} == {the_return.content_hash}

    # The figure, in four places.
    claim = Claim.objects.get()
    figure = in_words(claim.amount)
    assert (claim.amount, figure) == (D("12400.00"), "£12,400.00")
    assert figure in checker.get(reverse("returns:return", args=[the_return.pk])).content.decode()
    assert figure in checker.get(claim.get_absolute_url()).content.decode()
    workbook = checker.get(reverse("returns:file", args=[the_return.pk, "xlsx"]))
    book = openpyxl.load_workbook(io.BytesIO(workbook.content), data_only=True)
    sheet, cell = next(iter(book.defined_names[defined_name("claim/key-figures/this-claim/value")].destinations))
    assert D(str(book[sheet][cell].value)).quantize(D("0.01")) == claim.amount
    pdf = checker.get(reverse("returns:file", args=[the_return.pk, "pdf"]))
    assert figure in text_of(pdf.content)

    # 10. The downloads are on record, and they are the stored bytes.
    assert Download.objects.count() == 2
    stored = {row.format: bytes(row.data) for row in Document.objects.filter(the_return=the_return)}
    assert (workbook.content, pdf.content) == (stored["xlsx"], stored["pdf"])

    # A late invoice lands in the next open quarter and shows there as relating to this one.
    with clock.at(date(2023, 8, 14)):
        late = scene.money.record_late("880.10")
        second = scene.quarter("2023-24-Q2")
        working = finance.get(reverse("funding:working-claim", args=[programme.code, second.code])).content.decode()
    assert late.lines.get().quarter == second
    assert "£880.10" in working
    assert checker.get(reverse("returns:file", args=[the_return.pk, "pdf"])).content == pdf.content
