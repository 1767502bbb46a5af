"""The words of ledger headings, from those that councils and police bodies publish; the higher number the surer."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AMOUNT_WORDS = {"amount": 40, "amt": 40, "value": 38, "spend": 36, "spent": 36, "total": 30, "cost": 28, "payment": 25}
AMOUNT_WORDS |= {"payments": 25, "paid": 25, "price": 25, "sum": 25, "expenditure": 22, "debit": 20, "sterling": 20}
# With one of these a heading speaks of something beside the money of the line.
NO_AMOUNT = _words(
    "date dated type category code codes number no num ref reference id name description desc class classification "
    "centre center unit detail details narrative currency status period balance cumulative budget rate percent qty "
    "quantity count year month method terms running ytd area group heading purpose account remaining band size mode "
    "threshold reason source department directorate service"
)
NOT_THE_AMOUNT_PAID = _words("usd eur euro euros dollar dollars foreign original applied requested ordered estimated")

SUPPLIER_WORDS = {"supplier": 80, "vendor": 80, "payee": 80, "creditor": 75, "beneficiary": 70, "recipient": 60}
SUPPLIER_WORDS |= {"merchant": 60, "contractor": 50, "company": 40, "provider": 40}
NO_SUPPLIER = _words(
    "id no number num code type category classification class ref reference amount vat postcode address size status "
    "invoice value total group site date account cost"
)

DOCUMENT_NOUNS = _words(
    "invoice inv document doc transaction trans txn voucher reference ref payment journal cheque transno order"
)
DOCUMENT_MARKS = _words("no number num nr ref reference id")
DOCUMENT_ALONE = {"ref", "reference", "transno", "invoice", "voucher", "document", "ref no", "reference no"}

DESCRIPTION_WORDS = {"description": 50, "narrative": 50, "details": 48, "detail": 30, "purpose": 40, "particulars": 40}
DESCRIPTION_WORDS |= {"expense": 25, "category": 20, "expenditure": 20, "account": 18, "service": 15}

# A cost centre is told by two words together, or by one that no other column bears.
COST_CENTRE_PAIRS = (("cost", "centre"), ("cost", "center"), ("service", "area"), ("budget", "code"))
COST_CENTRE_ALONE = _words("costcentre department directorate service")

# A second row of a header holds these and nothing else.
HEADING_WORDS = NO_AMOUNT | NO_SUPPLIER | DOCUMENT_NOUNS
HEADING_WORDS |= {*AMOUNT_WORDS, *SUPPLIER_WORDS, *DESCRIPTION_WORDS}
HEADING_WORDS |= _words("vat net gross excl incl inc ex excluding including gbp and of")
MONEY_WORD = re.compile(r"£|\b(nett?|gross|gbp|" + "|".join(AMOUNT_WORDS) + r")\b", re.IGNORECASE)
