"""What the tests of contracts start from: a programme in July 2023, officers, and contracts in it."""

from datetime import date
from decimal import Decimal

from board.models import Programme, Project, User, Year
from contracts.models import Contract
from tests import factories

D = Decimal
TODAY = date(2023, 7, 5)
OFFICER = "commissioning-officer"


def officer(organisation: str = "pfcc", *, number: int = 1) -> User:
    return factories.person(OFFICER, organisation, number=number)


def reporter(organisation: str = "change", *, number: int = 1) -> User:
    return factories.person("kpi-reporter", organisation, number=number)


def place(programme: Programme, project: str = "CHB", year: str = "2023-24") -> tuple[Project, Year]:
    return programme.projects.get(code=project), programme.years.get(code=year)


def box(programme: Programme, project: str = "CHB", year: str = "2023-24") -> str:
    """The name of the box of a project and year on the pages that change value."""
    of, in_year = place(programme, project, year)
    return f"value-{of.pk}-{in_year.pk}"


def engaged(programme: Programme, number: int = 1, amount: str = "1000.00", **fields: object) -> Contract:
    """C-001, worth £1,000.00 for CHB in 2023-24, signed on the programme's first day."""
    return factories.contract(programme, reference=f"C-{number:03d}", values={place(programme): D(amount)}, **fields)
