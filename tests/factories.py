"""Small true-to-life rows for tests: two years, three projects, and people in their roles."""

from datetime import date

from board.models import Organisation, Programme, Project, Quarter, Role, User
from board.programmes import set_up
from contracts.contracting import Values, engage
from contracts.models import Contract

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
    kind: str, organisation_code: str, *, number: int = 1, programme: Programme | None = None, ends_on: date | None = None
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
    return user.act_as(user.roles.select_related("organisation", "programme").get())


def programme(code: str = "DAPF-2023-25", first_day: date = date(2023, 4, 1), last_day: date = date(2025, 3, 31)) -> Programme:
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
