"""The forms of money: what they read, what they offer, and the words with which they refuse."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from funding.forms.charges import chargeable_lines, open_to, programmes_open_to, read_percent
from funding.forms.record import RecordForm, contracts_to_record
from funding.forms.spend import CorrectForm
from tests import factories
from tests.factories import Money

D = Decimal


@pytest.mark.parametrize(
    ("text", "value"),
    [("40", "40"), ("33.34%", "33.34"), ("33.3333", "33.3333"), ("100 %", "100"), (".5", "0.5")],
)
def test_a_percentage_is_read_as_people_type_it(text: str, value: str) -> None:
    assert read_percent(text) == D(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter what percentage"), ("£40", "is an amount"), ("forty", "is not a percentage"),
        ("0", "between 0 and 100"), ("-5", "between 0 and 100"), ("100.01", "between 0 and 100"),
        ("NaN", "between 0 and 100"), ("Infinity", "between 0 and 100"), ("1.00001", "more than four decimal places"),
    ],
)  # fmt: skip
def test_what_is_no_percentage_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_percent(text)


@pytest.mark.django_db
class TestWhatIsOffered:
    def test_the_lines_of_the_sources_that_the_organisation_keeps_without_unallocated(self, money: Money) -> None:
        own = money.line()
        money.line(heading="unallocated")
        theirs = money.line(source=money.ecc_cash)
        assert list(chargeable_lines(money.finance, [money.programme])) == [own]
        assert list(chargeable_lines(money.council_finance, [money.programme])) == [theirs]

    def test_the_quarters_that_are_open(self, money: Money) -> None:
        assert [row.code for row in open_to(money.finance, money.programme)] == ["2023-24-Q1", "2023-24-Q2"]

    def test_no_programme_that_has_closed_or_not_begun(self, money: Money) -> None:
        assert programmes_open_to(money.finance) == [money.programme]
        with clock.at(date(2023, 3, 31)):
            assert programmes_open_to(money.finance) == []

    def test_only_contracts_that_are_paid_under(self, money: Money) -> None:
        key = (money.line().project, money.line().year)
        paid = factories.contract(money.programme, reference="C-1", values={key: D("1.00")})
        factories.contract(money.programme, reference="C-2", kind="data-supply", values={key: D("1.00")})
        factories.contract(money.programme, reference="C-3")
        council = factories.organisation("ecc")
        theirs = factories.contract(money.programme, reference="C-4", buyer=council, values={key: D("1.00")})
        assert list(contracts_to_record(money.finance)) == [paid]
        assert list(contracts_to_record(money.council_finance)) == [theirs]


@pytest.mark.django_db
class TestRecordForm:
    def form(self, money: Money, **fields: str) -> RecordForm:
        data = {
            "kind": "actual", "description": "Sessions", "accounting_on": "30/6/2023", "service_from": "1/6/2023",
            "service_to": "30/6/2023", "net": "100", "split_by": "amount",
        }  # fmt: skip
        return RecordForm({**data, **fields}, user=money.finance)

    def test_a_plain_entry_is_sound(self, money: Money) -> None:
        assert self.form(money).is_valid()

    @pytest.mark.parametrize(
        ("fields", "box", "words"),
        [
            ({"net": ""}, "net", "Enter the net amount, even if it is 0.00"),
            ({"hours": "4"}, "hours", "they are for in-kind only"),
            ({"kind": "in-kind", "net": ""}, "hours", "Enter the hours given"),
            ({"kind": "in-kind", "hours": "4"}, "net", "in-kind is its hours"),
            ({"kind": "in-kind", "net": "", "hours": "4.125"}, "hours", "two decimals at most"),
            ({"kind": "in-kind", "net": "", "hours": "-4"}, "hours", "above 0"),
            ({"service_to": "31/5/2023"}, "service_to", "cannot end before it starts"),
            ({"paid_on": "6/7/2023"}, "paid_on", "in the future"),
            ({"received_on": "6 July 2023"}, "received_on", "in the future"),
            ({"kind": "reported-spend"}, "kind", "Select a valid choice"),
            ({"kind": "reversal"}, "kind", "Select a valid choice"),
            ({"accounting_on": "06/31/2023"}, "accounting_on", "is not a day of the calendar"),
        ],
    )
    def test_each_box_says_what_is_wrong_with_it(
        self, money: Money, fields: dict[str, str], box: str, words: str
    ) -> None:
        form = self.form(money, **fields)
        assert not form.is_valid()
        assert words in " ".join(form.errors[box])

    def test_who_does_not_recover_vat_is_told_so(self, money: Money) -> None:
        charity = factories.person("finance-officer", "tonic")
        form = RecordForm(user=charity)
        assert "none of the VAT" in form.fields["recoverable_vat"].help_text


@pytest.mark.django_db
def test_correcting_the_whole_takes_no_amount(money: Money) -> None:
    data = {"how": "whole", "amount": "5", "quarter": str(money.quarter().pk), "reason": "x"}
    form = CorrectForm(data, quarters=[money.quarter()], refusals={})
    assert not form.is_valid() and "Leave the amount empty" in form.errors["amount"][0]
