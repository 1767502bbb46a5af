"""A report of results goes to readers who keep it: what it hid is kept, so that no later page gives it away."""

from datetime import datetime

from board.models import Programme, Quarter
from kpis.hiding import hidden_of
from kpis.kinds import Profile
from kpis.models import Publication
from kpis.reported import read_reported


def publish(*, programme: Programme, quarter: Quarter, reference: str, at: datetime) -> Publication:
    """Keep what the board was not shown at a moment. Inside the transaction that stores the report."""
    last = programme.quarters.filter(kind=Quarter.Kind.QUARTER).select_related("year").order_by("first_day").last()
    reported = read_reported(programme, last or quarter)
    row = Publication(
        programme=programme,
        quarter=quarter,
        profile=Profile.BOARD.value,
        reference=reference,
        at=at,
        hidden={
            project.code: sorted(list(key) for key in hidden_of(project, reported, Profile.BOARD).keys)
            for project in reported.projects
            if reported.codes(project)
        },
    )
    row.full_clean()
    row.save(force_insert=True)
    return row
