"""Who takes part in the demonstration, and the two programmes with their projects and agreements.

Organisations are the real partners or titles of those not known publicly; people are role titles.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from board import clock
from board.models import Organisation, Programme, Project, Role, Threshold, User
from board.programmes import set_up
from contracts.contracting import engage
from contracts.models import Contract

# For trying out on one's own machine; the command refuses to run where DEMONSTRATION is off.
PASSWORD = "southend-essex-thurrock"

ORGANISATIONS = [
    ("home-office", "Home Office", "Home Office", "home-office"),
    ("pfcc", "Police, Fire and Crime Commissioner for Essex", "PFCC for Essex", "pfcc"),
    ("ecc", "Essex County Council", "Essex County Council", "council"),
    ("southend", "Southend-on-Sea City Council", "Southend-on-Sea City Council", "council"),
    ("thurrock", "Thurrock Council", "Thurrock Council", "council"),
    ("police", "Essex Police", "Essex Police", "police"),
    ("setdab", "Southend, Essex and Thurrock Domestic Abuse Board", "SETDAB", "board"),
    ("change", "The Change Project", "The Change Project", "provider"),
    ("sis", "Stalking intervention provider (illustrative)", "Stalking provider", "provider"),
    ("pipa", "First-time entrants provider (illustrative)", "Project PIPA provider", "provider"),
    ("safe", "Victim services provider (illustrative)", "Victim services provider", "provider"),
    ("prison", "Prison programme provider (illustrative)", "Prison programme provider", "provider"),
    ("tonic", "TONIC", "TONIC", "evaluator"),
]


@dataclass(frozen=True)
class Account:
    """One person of the demonstration: key, e-mail address, printed title, and roles as (kind, organisation)."""

    key: str
    title: str
    roles: tuple[tuple[str, str], ...]

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"


ACCOUNTS = [
    Account("finance.pfcc", "Finance officer, PFCC", (("finance-officer", "pfcc"),)),
    Account("finance.ecc", "Finance officer, Essex County Council", (("finance-officer", "ecc"),)),
    Account("finance.southend", "Finance officer, Southend-on-Sea City Council", (("finance-officer", "southend"),)),
    Account(
        "finance.thurrock",
        "Finance officer, Thurrock Council",
        (("finance-officer", "thurrock"), ("board-member", "setdab")),
    ),
    Account("cfo.ecc", "Chief finance officer, Essex County Council", (("cfo", "ecc"),)),
    Account("commissioning.1", "Commissioning officer, PFCC", (("commissioning-officer", "pfcc"),)),
    Account("commissioning.2", "Senior commissioning officer, PFCC", (("commissioning-officer", "pfcc"),)),
    Account("cfo", "Chief finance officer, PFCC", (("cfo", "pfcc"),)),
    Account("reporter.change", "Service manager, The Change Project", (("kpi-reporter", "change"),)),
    Account("reporter.sis", "Service manager, stalking provider", (("kpi-reporter", "sis"),)),
    Account("reporter.pipa", "Service manager, Project PIPA provider", (("kpi-reporter", "pipa"),)),
    Account("reporter.safe", "Service manager, victim services provider", (("kpi-reporter", "safe"),)),
    Account("reporter.ecc", "Youth service manager, Essex County Council", (("kpi-reporter", "ecc"),)),
    Account("reporter.police", "Performance analyst, Essex Police", (("kpi-reporter", "police"),)),
    Account("reporter.tonic", "Evaluation lead, TONIC", (("kpi-reporter", "tonic"),)),
    Account("board", "Board member, SETDAB", (("board-member", "setdab"),)),
    Account("auditor", "External auditor", (("auditor", "pfcc"),)),
    Account("admin", "System administrator, PFCC", (("administrator", "pfcc"),)),
]

CURRENT, EARLIER = "DAPF-2023-25", "DAPF-2020-23"

PROJECTS = {
    CURRENT: [
        ("CHB", "The Change Hub", "behaviour-change", "Behaviour change support for people aged 16 and over."),
        ("SIS", "Stalking pilot (Specialist Intervention Service)", "behaviour-change", "For stalking behaviours."),
        ("PIP", "First-time entrants (Project PIPA)", "early-response", "Early work with lower-risk first offenders."),
        ("GDM", "Goodman", "prevention", "Mentoring for boys and young men."),
        ("SIN", "Sisters in Strength", "prevention", "Mentoring for girls and young women."),
        ("RFL", "Reflect campaign", "help-seeking", "Public campaign that points to The Change Hub."),
        ("VIC", "Victim services", "victim-support", "Support for victims linked to the projects."),
        ("EVL", "Independent evaluation", "evaluation", "Process evaluation of five projects."),
        ("PGM", "Programme management", "overhead", "Running the programme."),
    ],
    EARLIER: [
        ("SPA", "Single point of access", "early-response", "One door for enquiries."),
        ("MEN", "Mentoring for young men aged 13 to 18", "prevention", "Group and one-to-one mentoring."),
        ("OUT", "Outreach", "help-seeking", "Engaging people who would not come forward."),
        ("PRI", "Prison programme", "behaviour-change", "Courses in custody."),
        ("BYS", "Bystander intervention", "prevention", "Training for students."),
        ("VIC", "Enhanced victim support", "victim-support", "Support for linked victims."),
        ("SUP", "Support line", "help-seeking", "A line for people worried about their behaviour."),
    ],
}

# reference, title, kind, provider, decision, tier, carries irrecoverable VAT, value a year by project
AGREEMENTS = {
    CURRENT: [
        ("CHB-2023", "The Change Hub service", "contract", "change", "041-23", "gold", True, {"CHB": "230000.00"}),
        ("SIS-2023", "Stalking intervention pilot", "contract", "sis", "042-23", "gold", True, {"SIS": "110000.00"}),
        ("PIP-2023", "Project PIPA workshops", "contract", "pipa", "043-23", "silver", True, {"PIP": "75000.00"}),
        (
            "GDM-2023",
            "Goodman and Sisters in Strength mentoring (Essex Youth Service)",
            "recharge",
            "ecc",
            "044-23",
            "silver",
            False,
            {"GDM": "35000.00", "SIN": "30000.00"},
        ),
        (
            "VIC-2023",
            "Support for linked victims",
            "grant-agreement",
            "safe",
            "045-23",
            "gold",
            False,
            {"VIC": "60000.00"},
        ),
        ("EVL-2023", "Independent evaluation", "contract", "tonic", "046-23", "silver", False, {"EVL": "25000.00"}),
        ("RFL-2023", "Reflect campaign", "in-house", "pfcc", "047-23", "bronze", False, {"RFL": "30000.00"}),
        ("POL-2023", "Police measures for the programme", "data-supply", "police", "", "bronze", False, {}),
    ],
    EARLIER: [
        (
            "SPA-2020",
            "Single point of access and outreach",
            "contract",
            "change",
            "088-20",
            "gold",
            True,
            {"SPA": "60000.00", "OUT": "20000.00"},
        ),
        ("PRI-2020", "Prison programme", "contract", "prison", "089-20", "silver", True, {"PRI": "20000.00"}),
        (
            "VIC-2020",
            "Enhanced victim support",
            "grant-agreement",
            "safe",
            "090-20",
            "silver",
            False,
            {"VIC": "25000.00"},
        ),
    ],
}


def load_organisations() -> dict[str, Organisation]:
    """The parties, by code."""
    return {
        code: Organisation.objects.create(
            code=code, name=name, short_name=short, kind=kind, recovers_vat=kind in ("pfcc", "council", "police")
        )
        for code, name, short, kind in ORGANISATIONS
    }


def load_people(organisations: dict[str, Organisation]) -> dict[str, User]:
    """The accounts, by key, each acting in its first role."""
    people = {}
    hashed = make_password(PASSWORD)  # once for all: it is slow on purpose
    for account in ACCOUNTS:
        user = User.objects.create(email=account.email, password=hashed, name=account.title)
        for kind, code in account.roles:
            role = Role.objects.create(
                user=user,
                organisation=organisations[code],
                kind=kind,
                starts_on=date(2020, 10, 1),
                ends_on=date(2025, 12, 31) if kind == Role.Kind.AUDITOR else None,
            )
            if user.__dict__.get("_acting") is None:
                user.act_as(role)
        people[account.key] = user
    return people


def load_programmes(organisations: dict[str, Organisation], people: dict[str, User]) -> dict[str, Programme]:
    """Both programmes with their projects, thresholds and agreements."""
    spans = {
        EARLIER: ("Domestic Abuse Perpetrator Fund 2020-23 (earlier fund)", date(2020, 4, 1), date(2023, 3, 31)),
        CURRENT: ("Domestic Abuse Perpetrator Fund", date(2023, 4, 1), date(2025, 3, 31)),
    }
    programmes = {}
    for code, (name, first_day, last_day) in spans.items():
        with clock.at(first_day):
            programme = set_up(
                programme=Programme(
                    code=code,
                    name=name,
                    recipient=organisations["pfcc"],
                    funder=organisations["home-office"],
                    first_day=first_day,
                    last_day=last_day,
                    legal_power="section 169, Criminal Justice and Public Order Act 1994",
                    contacts="Grant Sponsor, Home Office\nProject Manager, PFCC for Essex",
                    illustrative=True,
                ),
                by=people["admin"],
            )
            for position, (project, title, typology, description) in enumerate(PROJECTS[code], start=1):
                Project.objects.create(
                    programme=programme,
                    code=project,
                    name=title,
                    typology=typology,
                    description=description,
                    position=position,
                )
            # The suppression level that the board's own pages use: counts below five are hidden.
            Threshold.objects.create(programme=programme, rule="suppress-below", value=500, from_date=first_day)
            _load_agreements(programme, organisations, people["commissioning.1"])
        programmes[code] = programme
    return programmes


def _load_agreements(programme: Programme, organisations: dict[str, Organisation], by: User) -> None:
    for reference, title, kind, provider, decision, tier, vat, values in AGREEMENTS[programme.code]:
        contract = Contract(
            programme=programme,
            reference=reference,
            title=title,
            kind=kind,
            buyer=programme.recipient,
            provider=organisations[provider],
            owner_title="Commissioning officer, PFCC",
            tier=tier,
            decision_reference=decision,
            procurement_route="Competitive quotation" if kind == "contract" else "",
            includes_irrecoverable_vat=vat,
            signed_on=programme.first_day,
            starts_on=programme.first_day,
            ends_on=programme.last_day,
            review_on=date(programme.last_day.year, 1, 15),
        )
        amounts = {
            (programme.projects.get(code=project), year): Decimal(amount)
            for project, amount in values.items()
            for year in programme.years.all()
        }
        engage(contract=contract, values=amounts, by=by)
