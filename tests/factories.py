"""Small true-to-life rows for tests: two years, three projects, and people in their roles."""

from datetime import date
from decimal import Decimal

from board.models import UNALLOCATED, Organisation, Programme, Project, Quarter, Role, User
from board.programmes import set_up
from contracts.contracting import Values, engage
from contracts.models import Contract
from funding.budgeting import award
from funding.models import BudgetLine, CostHeading, Source, Transaction
from funding.spending import Charge, record

ORGANISATIONS = {
    "home-office": ("Home Office", "home-office"),
    "pfcc": ("PFCC for Essex", "pfcc"),
    "ecc": ("Essex County Council", "council"),
    "southend": ("Southend-on-Sea City Council", "council"),
    "thurrock": ("Thurrock Council", "council"),
    "police": ("Essex Police", "police"),
    "change": ("The Change Project", "provider"),
    "other": ("Another provider", "provider"),
    "tonic": ("TONIC", "evaluator"),
    "setdab": ("SETDAB", "board"),
}


def organisation(code: str) -> Organisation:
    name, kind = ORGANISATIONS[code]
    return Organisation.objects.get_or_create(
        code=code,
        defaults={"name": name, "short_name": name, "kind": kind, "recovers_vat": kind in ("pfcc", "council")},
    )[0]


def person(
    kind: str,
    organisation_code: str,
    *,
    number: int = 1,
    programme: Programme | None = None,
    ends_on: date | None = None,
) -> User:
    """A person with one role, acting in it. The name is a role title: invented people are never named."""
    email = f"{kind}.{organisation_code}.{number}@example.org"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, "a long enough secret", name=f"{kind} {number}, {organisation_code}")
        Role.objects.create(
            user=user,
            organisation=organisation(organisation_code),
            kind=kind,
            programme=programme,
            starts_on=date(2020, 4, 1),
            ends_on=ends_on or (date(2031, 3, 31) if kind == Role.Kind.AUDITOR else None),
        )
    return user.act_as(user.roles.select_related("organisation", "programme", "delegation").get())


def programme(
    code: str = "DAPF-2023-25", first_day: date = date(2023, 4, 1), last_day: date = date(2025, 3, 31)
) -> Programme:
    """A programme with years, quarters and the projects CHB, SIS and GDM."""
    by = person("administrator", "pfcc")
    row = set_up(
        programme=Programme(
            code=code,
            name="Domestic Abuse Perpetrator Fund",
            recipient=organisation("pfcc"),
            funder=organisation("home-office"),
            first_day=first_day,
            last_day=last_day,
            illustrative=True,
        ),
        by=by,
    )
    for position, (project_code, name, typology) in enumerate(
        [
            ("CHB", "The Change Hub", "behaviour-change"),
            ("SIS", "Specialist Intervention Service", "behaviour-change"),
            ("GDM", "Goodman", "prevention"),
        ]
    ):
        Project.objects.create(programme=row, code=project_code, name=name, typology=typology, position=position)
    return row


def quarter(programme: Programme, code: str) -> Quarter:
    return programme.quarters.select_related("programme", "year").get(code=code)


def contract(
    programme: Programme,
    *,
    provider: str = "change",
    reference: str = "C-001",
    kind: str = "contract",
    values: Values | None = None,
    by: User | None = None,
    **fields: object,
) -> Contract:
    defaults = {
        "title": "Behaviour change service",
        "owner_title": "Commissioning officer",
        "buyer": programme.recipient,
        "signed_on": programme.first_day,
        "starts_on": programme.first_day,
        "ends_on": programme.last_day,
    }
    row = Contract(
        programme=programme,
        reference=reference,
        kind=kind,
        provider=organisation(provider),
        **{**defaults, **fields},
    )
    return engage(contract=row, values=values or {}, by=by or person("commissioning-officer", "pfcc"))


def money(programme: Programme) -> "Money":
    """Sources, awards, headings and budget lines of a programme: the grant, and ECC's cash and in-kind match."""
    return Money(programme)


class Money:
    """What money tests start from: a grant of £600,000 a year on CHB and SIS, and a council's match.

    `line(project, heading, year, source)` finds or makes a budget line.
    """

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.finance = person("finance-officer", "pfcc")
        self.council_finance = person("finance-officer", "ecc")
        self.grant = self._source("GRANT", "Home Office grant", "home-office", Source.Kind.GRANT, "pfcc", 0)
        self.ecc_cash = self._source("ECC-CASH", "Essex County Council cash", "ecc", Source.Kind.CASH_MATCH, "ecc", 1)
        self.ecc_in_kind = self._source("ECC-KIND", "Essex in-kind", "ecc", Source.Kind.IN_KIND_MATCH, "ecc", 2)
        self.headings = {
            code: CostHeading.objects.create(programme=programme, code=code, name=name, position=position, **flags)
            for position, (code, name, flags) in enumerate(
                [
                    ("provider", "Provider contract payments", {}),
                    ("staff", "Staff salaries", {}),
                    ("capital", "Equipment (capital)", {"capital": True}),
                    ("hospitality", "Entertaining", {"ineligible": True}),
                    (UNALLOCATED, "Unallocated", {}),
                ]
            )
        }
        for year in programme.years.all():
            for source, amount in ((self.grant, "600000"), (self.ecc_cash, "35000"), (self.ecc_in_kind, "15000")):
                award(
                    source=source,
                    year=year,
                    amount=Decimal(amount).quantize(Decimal("0.01")),
                    effective_on=programme.first_day,
                    reason="Award letter",
                    by=self.finance,
                    in_kind_rate=Decimal("25.00") if source is self.ecc_in_kind else None,
                )

    def _source(self, code: str, name: str, funder: str, kind: str, kept_by: str, position: int) -> Source:
        return Source.objects.create(
            programme=self.programme,
            code=code,
            name=name,
            funder=organisation(funder),
            kind=kind,
            kept_by=organisation(kept_by),
            position=position,
        )

    def line(
        self, project: str = "CHB", heading: str = "provider", year: str = "2023-24", source: Source | None = None
    ) -> BudgetLine:
        return BudgetLine.objects.get_or_create(
            source=source or self.grant,
            project=self.programme.projects.get(code=project),
            heading=self.headings[heading],
            year=self.programme.years.get(code=year),
        )[0]

    def quarter(self, code: str = "2023-24-Q1") -> Quarter:
        return quarter(self.programme, code)

    def entry(self, cost: str, *, on: date = date(2023, 6, 15), **fields: object) -> Transaction:
        """An unsaved entry whose net is its cost."""
        defaults: dict[str, object] = {
            "kind": Transaction.Kind.ACTUAL,
            "supplier_name": "Supplier Limited",
            "description": "Sessions delivered",
            "accounting_on": on,
            "service_from": on,
            "service_to": on,
            "net": Decimal(cost),
        }
        return Transaction(**{**defaults, **fields})

    def record(self, cost: str, *charges: Charge, by: User | None = None, **fields: object) -> Transaction:
        """Record an entry; without charges it goes whole to CHB's provider line in 2023-24 Q1."""
        used = charges or (Charge(self.line(), self.quarter()),)
        return record(entry=self.entry(cost, **fields), charges=used, by=by or self.finance).transaction

    def record_late(self, cost: str) -> Transaction:
        """An invoice of June that arrived after its quarter had closed: recorded in the second quarter."""
        charge = Charge(self.line(), self.quarter("2023-24-Q2"), relates_to=self.quarter())
        return self.record(
            cost, charge, on=date(2023, 8, 11), service_from=date(2023, 6, 1), service_to=date(2023, 6, 30)
        )
