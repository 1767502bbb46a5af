"""The demonstration's sources, awards and budgets, with their virement and forecasts. Every figure is invented."""

from datetime import date
from decimal import Decimal as D

from board import clock, rows
from board.models import UNALLOCATED, Programme, Quarter, User, Year
from config.demo.spend_numbers import IN_KIND_RATE
from contracts.contracting import vary
from contracts.models import Contract
from core.money import NOUGHT, apportion
from funding import budgeting, claims, moving
from funding.models import (
    BudgetLine,
    BudgetVersion,
    CostHeading,
    Source,
)
from funding.positions import line_positions

People = dict[str, User]

HEADINGS = [
    ("staff", "Staff salaries and on-costs", {"payroll": True}),
    ("training", "Training and supervision", {}),
    ("travel", "Travel", {}),
    ("provider", "Provider contract payments", {}),
    ("grants", "Grant agreement payments", {}),
    ("recharge", "Recharges from public bodies", {}),
    ("media", "Campaign media and production", {}),
    ("evaluation", "Evaluation", {}),
    ("victims", "Victim support direct costs", {}),
    ("equipment", "Equipment (not capital)", {}),
    ("capital", "Equipment (capital)", {"capital": True}),
    ("entertaining", "Entertaining", {"ineligible": True}),
    (UNALLOCATED, "Unallocated", {}),
]
# code, name, funder, kind, kept by; amounts are a year, illustrative (a grant of 600,000 and match of 150,000).
SOURCES = [
    ("GRANT", "Home Office grant", "home-office", Source.Kind.GRANT, "pfcc", "600000.00"),
    ("PFCC-CASH", "PFCC cash match", "pfcc", Source.Kind.CASH_MATCH, "pfcc", "60000.00"),
    ("ECC-CASH", "Essex County Council cash match", "ecc", Source.Kind.CASH_MATCH, "ecc", "35000.00"),
    ("ECC-KIND", "Essex County Council in-kind match", "ecc", Source.Kind.IN_KIND_MATCH, "ecc", "15000.00"),
    (
        "SOUTHEND-CASH",
        "Southend-on-Sea City Council cash match",
        "southend",
        Source.Kind.CASH_MATCH,
        "southend",
        "20000.00",
    ),
    ("THURROCK-CASH", "Thurrock Council cash match", "thurrock", Source.Kind.CASH_MATCH, "thurrock", "20000.00"),
]
KEEPERS = {"pfcc": "finance.pfcc", "ecc": "finance.ecc", "southend": "finance.southend", "thurrock": "finance.thurrock"}
# source, project, heading: the profile of each quarter, the same in both years.
BUDGETS: dict[tuple[str, str, str], tuple[str, str, str, str]] = {
    ("GRANT", "CHB", "provider"): ("52500", "52500", "52500", "52500"),
    ("GRANT", "SIS", "provider"): ("27500", "27500", "27500", "27500"),
    ("GRANT", "PIP", "provider"): ("18750", "18750", "18750", "18750"),
    ("GRANT", "GDM", "recharge"): ("8750", "8750", "8750", "8750"),
    ("GRANT", "SIN", "recharge"): ("7500", "7500", "7500", "7500"),
    ("GRANT", "RFL", "media"): ("0", "10000", "10000", "10000"),
    ("GRANT", "VIC", "grants"): ("15000", "15000", "15000", "15000"),
    ("GRANT", "VIC", "victims"): ("1250", "1250", "1250", "1250"),
    ("GRANT", "EVL", "evaluation"): ("5000", "5000", "5000", "10000"),
    ("GRANT", "PGM", "staff"): ("5000", "5000", "5000", "5000"),
    ("GRANT", "VIC", "capital"): ("0", "0", "0", "0"),
    ("GRANT", "PGM", "entertaining"): ("0", "0", "0", "0"),
    ("GRANT", UNALLOCATED, UNALLOCATED): ("0", "0", "0", "0"),
    ("PFCC-CASH", "CHB", "provider"): ("5000", "5000", "5000", "5000"),
    ("PFCC-CASH", "PGM", "staff"): ("10000", "10000", "10000", "10000"),
    ("ECC-CASH", "CHB", "provider"): ("5000", "5000", "5000", "5000"),
    ("ECC-CASH", "GDM", "staff"): ("3750", "3750", "3750", "3750"),
    ("ECC-KIND", "GDM", "staff"): ("2000", "2000", "2000", "2000"),
    ("ECC-KIND", "SIN", "staff"): ("1750", "1750", "1750", "1750"),
    ("SOUTHEND-CASH", "CHB", "provider"): ("3000", "3000", "3000", "3000"),
    ("SOUTHEND-CASH", "VIC", "victims"): ("2000", "2000", "2000", "2000"),
    ("THURROCK-CASH", "CHB", "provider"): ("3000", "3000", "3000", "3000"),
    ("THURROCK-CASH", "VIC", "victims"): ("2000", "2000", "2000", "2000"),
}
CONTRACTS = {
    "CHB": "CHB-2023",
    "SIS": "SIS-2023",
    "PIP": "PIP-2023",
    "GDM": "GDM-2023",
    "SIN": "GDM-2023",
    "EVL": "EVL-2023",
}


def set_up(programme: Programme, people: People) -> None:
    """Headings, sources, awards, budgets, commitments and forecasts, as agreed when the award came."""
    for position, (code, name, flags) in enumerate(HEADINGS):
        CostHeading.objects.create(programme=programme, code=code, name=name, position=position, **flags)
    organisations = {role.organisation.code: role.organisation for role in _roles(people)}
    for position, (code, name, funder, kind, kept_by, amount) in enumerate(SOURCES):
        source = Source.objects.create(
            programme=programme,
            code=code,
            name=name,
            funder=programme.funder if funder == "home-office" else organisations[funder],
            kind=kind,
            kept_by=organisations[kept_by],
            position=position,
        )
        for year in programme.years.order_by("starts"):
            with clock.at(date(2023, 4, 3)):
                _award_and_budget(source, year, D(amount), people[KEEPERS[kept_by]])


def _roles(people: People) -> list:
    return [user.acting for user in people.values() if user.acting is not None]


def _award_and_budget(source: Source, year: Year, amount: D, by: User) -> None:
    is_kind = source.kind == Source.Kind.IN_KIND_MATCH
    budgeting.award(
        source=source,
        year=year,
        amount=amount,
        effective_on=date(2023, 4, 1),
        reason="Award letter" if source.is_grant else "Letter of pledge",
        by=by,
        decision_reference="GRANT/DAPF/ESSEX/23" if source.is_grant else "",
        in_kind_rate=IN_KIND_RATE if is_kind else None,
    )
    quarters = quarters_of(year)
    profiles = {
        (line_of(source, project, heading, year), quarter): D(value).quantize(D("0.01"))
        for (code, project, heading), values in BUDGETS.items()
        if code == source.code
        for quarter, value in zip(quarters, values, strict=True)
    }
    budgeting.set_budget(
        source=source,
        year=year,
        kind=BudgetVersion.Kind.ORIGINAL,
        profiles=profiles,
        effective_on=date(2023, 4, 1),
        reason="Original budget, agreed with the award",
        by=by,
    )
    for (line, quarter), value in profiles.items():
        if value:
            budgeting.forecast(line=line, quarter=quarter, amount=value, by=by)
    for line in {line for line, _ in profiles}:
        contract = contract_of(source.programme, line.project.code) if source.is_grant else None
        total = sum((value for (other, _), value in profiles.items() if other == line), NOUGHT)
        if contract is not None and total and line.heading.code in ("provider", "recharge", "grants", "evaluation"):
            budgeting.commit(contract=contract, line=line, amount=total, by=by)


def move_by_virement(programme: Programme, year: Year, people: People) -> None:
    grant = claims.grant_of(programme.pk)
    pipa, stalking = line_of(grant, "PIP", "provider", year), line_of(grant, "SIS", "provider", year)
    commitment = pipa.commitments.get()
    commitment.amount -= D("8000.00")
    rows.change(commitment, by=people["finance.pfcc"])
    later = quarters_of(year)[2:]
    moving.move(
        source=grant,
        year=year,
        moves={
            **{(pipa, quarter): D("-4000.00") for quarter in later},
            **{(stalking, quarter): D("4000.00") for quarter in later},
        },
        reason="Fewer workshops booked than planned; more stalking cases than planned",
        by=people["finance.pfcc"],
        approved_on=date(2024, 10, 3),
        decision_reference="097-24",
    )
    for reference, project, amount in (("PIP-2023", "PIP", "-8000.00"), ("SIS-2023", "SIS", "8000.00")):
        vary(
            contract=Contract.objects.get(reference=reference),
            changes={(programme.projects.get(code=project), year): D(amount)},
            reason="Moves £8,000 from workshops to the stalking pilot",
            effective_on=date(2024, 10, 4),
            approved_on=date(2024, 10, 3),
            by=people["commissioning.1"],
            decision_reference="097-24",
        )


def reforecast(grant: Source, quarter: Quarter, by: User) -> None:
    """Expect of each quarter ahead what the last one cost, or its profile if that is more, within the budget."""
    ahead = [other for other in quarters_of(quarter.year) if other.order > quarter.order]
    if not ahead:
        return
    for line, position in line_positions([grant], quarter.year, quarter, today=clock.today()).items():
        left = max(position.budget - position.actual_to_date, NOUGHT)
        expected = min(max(position.actual_quarter, position.profile_quarter), left / len(ahead))
        for other in ahead:
            if expected or position.budget:
                budgeting.forecast(line=line, quarter=other, amount=expected.quantize(D("0.01")), by=by)


def earlier_budget(grant: Source, year: Year, by: User) -> None:
    amount = D("150000.00")
    budgeting.award(source=grant, year=year, amount=amount, effective_on=date(2020, 4, 1), reason="Award letter", by=by)
    shares = {"SPA": 60000, "MEN": 25000, "OUT": 20000, "PRI": 15000, "BYS": 10000, "VIC": 15000, "SUP": 5000}
    profiles = {
        (line_of(grant, project, "provider", year), quarter): part
        for project, share in shares.items()
        for quarter, part in zip(quarters_of(year), apportion(D(share), [1, 1, 1, 1]), strict=True)
    }
    budgeting.set_budget(
        source=grant,
        year=year,
        kind=BudgetVersion.Kind.ORIGINAL,
        profiles=profiles,
        effective_on=date(2020, 4, 1),
        reason="Original budget",
        by=by,
    )


def quarters_of(year: Year) -> list[Quarter]:
    return list(year.quarters.filter(kind=Quarter.Kind.QUARTER).select_related("programme", "year").order_by("number"))


def line_of(source: Source, project: str, heading: str, year: Year) -> BudgetLine:
    programme = source.programme
    return BudgetLine.objects.select_related("source", "project", "heading", "year").get_or_create(
        source=source,
        project=programme.projects.get(code=project),
        heading=programme.cost_headings.get(code=heading),
        year=year,
    )[0]


def contract_of(programme: Programme, project: str) -> Contract | None:
    reference = CONTRACTS.get(project) or {"VIC": "VIC-2023"}.get(project)
    return Contract.objects.get(programme=programme, reference=reference) if reference else None
