"""The contract review pack: what one contract shall deliver, what it did, what it cost, and what is open about it.

It is for the quarterly meeting of the contract's owner with its supplier. It shows nothing of any other supplier.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from board.models import Quarter
from board.quarters import MONEY, RESULTS
from contracts.models import Contract
from core.forms import day_in_words
from core.money import NOUGHT
from funding.rules import REPORTS_SPEND
from returns.content import Content, Definition, Fact, Section, clean, make_fact, slug
from returns.items import Item, Place
from returns.kinds import performance as results
from returns.kinds import tracing
from returns.kinds.contract_record import Record, contracts_of, read, waiting_for
from returns.kinds.contract_tables import (
    K,
    actions,
    checks,
    code_of,
    issues,
    milestones,
    money,
    open_on,
    options,
    payments,
    statements,
    terms,
)
from returns.kinds.scope import Scope
from returns.kinds.shape import (
    CERTIFY,
    PREPARE,
    ROLE,
    STATUS,
    Kind,
    Span,
    Step,
    Written,
    commentary,
    identity,
    words_of,
)
from returns.models import Return

STEPS = (
    Step(
        PREPARE, (ROLE.COMMISSIONING_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Made by",
        "The figures are the record’s, and the results are those that were accepted.", "make firm", signs=False,
    ),
    Step(
        CERTIFY, (ROLE.COMMISSIONING_OFFICER,), STATUS.PREPARED, STATUS.CERTIFIED, "Issued by",
        "I read this pack before I issued it. It identifies no client, victim or child.", "issue",
    ),
)  # fmt: skip
WRITTEN = (
    Written("assessment", "How the contract is doing", "In a few sentences, for both sides of the table."),
    Written("to-discuss", "To be talked about", "What the supplier should come prepared for."),
    Written("agreed", "What was agreed", "Only if the review has taken place: what, by whom as a role title, by when."),
)


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What the review pack of a contract says of a quarter, from the record as it stands on `today`."""
    record = read(scope, today=today)
    sections = [
        key_figures(record),
        commentary(KIND, words_of(the_return)),
        terms(record),
        money(record),
        *([payments(record)] if record.contract.kind not in REPORTS_SPEND else [statements(record)]),
        results.summary(record.quarter, record.projects, within=K),
        *(results.funnel(project, within=K) for project in record.projects if results.has_funnel(project)),
        results.outcomes(record.projects, within=K),
        # Beside the other wide tables, which lie on their side.
        results.quality(record.projects, within=K),
        results.sign_offs(record.projects, within=K),
        milestones(record),
        results.narratives(record.projects),
        issues(record),
        actions(record),
        checks(record),
        options(record),
    ]
    title = f"{KIND.title}: {record.contract.reference}, {clean(record.contract.title)}"
    return Content(
        **identity(KIND, scope, the_return, title),  # type: ignore[arg-type]
        sections=tuple(tracing.traced(section) for section in sections),
        definitions=(*DEFINITIONS, *results.measure_definitions(record.projects)),
        notes=NOTES,
        thresholds=results.rating_thresholds(scope.programme, record.quarter.last_day),
    )


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """Results that can still change stop the pack; what is missing, it says."""
    contract = Contract.objects.filter(programme=scope.programme, reference=scope.subject).first()
    if contract is None:
        return
    for row in waiting_for(contract, scope.last):
        places = (Place("See the submission", "submissions.read", row.url_name, row.url_args),)
        if row.status in ("submitted", "queried"):
            words = f"{row.words} They can still change: accept them first."
            yield Item("X01", words, "blocking", places)
        else:
            yield Item("X01", f"{row.words} The pack goes without them and says so.", "warning", places)


def key_figures(record: Record) -> Section:
    """What both sides of the table want first."""
    contract, quarter = record.contract, record.quarter

    def total(code: str, label: str, column: str) -> Fact:
        value = sum((getattr(row, column) for row in record.worth), NOUGHT)
        key = {"worth": "worth", "in_quarter": "quarter", "to_date": "to-date"}[column]
        trace = tracing.figures(f"{K}/money/total/{key}") if record.worth else tracing.NOTHING
        return make_fact(K, "key-figures", code, label, value, "money", "", trace)

    def count(code: str, label: str, rows: Sequence[str]) -> Fact:
        return make_fact(K, "key-figures", code, label, len(rows), "count", "",
                         ("by:count", *tracing.figures(*rows)))  # fmt: skip

    still, to_do = open_on(contract.issues.all(), quarter), open_on(contract.actions.all(), quarter)
    facts = [
        make_fact(K, "key-figures", "supplier", "Supplier", clean(contract.provider.name)),
        total("worth", f"Worth so far, to the end of {quarter.year}", "worth"),
        total("quarter", f"Charged in {quarter.short_label}", "in_quarter"),
        total("to-date", f"Charged by {day_in_words(quarter.last_day)}", "to_date"),
        *(
            count(f"rated-{slug(word)}", f"Measures with a target, {word}",
                  [f"{K}/kpis/{slug(f'{project.code}-{line.code}')}/rating" for project, line in record.rated
                   if line.rag == word])
            for word in results.RATINGS
        ),
        count("issues", "Issues open", [f"{K}/issues/{code_of(row)}/state" for row in still]),
        count("actions", "Actions open", [f"{K}/actions/{code_of(row)}/state" for row in to_do]),
        make_fact(K, "key-figures", "ends", "Ends", contract.ends_on, "date"),
    ]  # fmt: skip
    words = [row.words for row in record.waiting]
    return Section("key-figures", "Key figures", tuple(words), facts=tuple(facts), sheet="Key figures")


NOTES = (
    "The pack is for the contract’s owner and its supplier. It shows no other supplier and no other contract.",
    "Figures are aggregates; the pack identifies no client, victim or child.",
)
DEFINITIONS = (
    Definition("Worth", "What was agreed for the years up to this one, with every variation that is on record."),
    Definition("Charged", "What the grant bears under the contract by the quarter’s end."),
    Definition("Left", "Worth less what was charged; below nought the contract was overspent, and the rest is held."),
)

KIND = Kind(
    code=K,
    title="Contract review pack",
    place=7,
    closes=(MONEY, RESULTS),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER,),
    steps=STEPS,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    subjects=contracts_of,
    of_every_period=False,
    several="Contract review packs",
)
