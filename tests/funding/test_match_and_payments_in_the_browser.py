"""The pages of match, of days to payment and of the budget's cuts in a real browser, at both widths."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from board.models import User, Year
from funding.models import MatchReceipt, Transaction

Person = Callable[[str], User]


@pytest.mark.parametrize("width", [320, 1280])
def test_they_read_well(
    live_demonstration: Person, page: Any, sign_in: Any, axe: Callable[[], None], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(live_demonstration("finance.pfcc"))
    year = Year.objects.get(code="2024-25")
    entry = Transaction.objects.get(document_number="TCP-2308")
    receipt = MatchReceipt.objects.in_force().first()
    budget = f"{reverse('funding:budget')}?year={year.pk}"
    for url in (
        reverse("funding:match"),
        f"{reverse('funding:match')}?year={year.pk}",
        reverse("funding:match-receipts"),
        reverse("funding:receive-match"),
        reverse("funding:void-match-receipt", args=[receipt.reference]),
        reverse("funding:payment-days"),
        f"{reverse('funding:invoices')}?standing=beyond",
        reverse("funding:payment-dates", args=[entry.reference]),
        f"{budget}&cut=quarter",
        f"{budget}&cut=contract&as_of=1+December+2024",
        f"{budget}&as_of=1+December+2030",
    ):
        page.goto(url)
        axe()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
