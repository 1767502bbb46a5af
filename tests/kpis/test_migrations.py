"""What a database of an earlier state becomes, through the migrations themselves."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = "0002_opening_positions", "0003_submissions_handed_in_again"


@pytest.fixture
def migrate() -> Iterator[Callable[[str], Any]]:
    """Bring kpis to a migration and give the tables as they were then; the newest state is put back at the end."""

    def to(name: str) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate([("kpis", name)])
        return MigrationExecutor(connection).loader.project_state([("kpis", name)]).apps

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def kinds(apps: Any) -> dict[str, str]:
    return dict(apps.get_model("kpis", "KpiVersion").objects.values_list("kpi__code", "kind"))


def test_a_catalogue_loaded_before_opening_positions_gets_them_and_goes_back(migrate: Callable[[str], Any]) -> None:
    apps = migrate(BEFORE)
    organisation = apps.get_model("board", "Organisation").objects.create(code="pfcc", name="PFCC", kind="pfcc")
    programme = apps.get_model("board", "Programme").objects.create(
        code="DAPF-2023-25",
        name="Fund",
        recipient=organisation,
        funder=organisation,
        first_day=date(2023, 4, 1),
        last_day=date(2025, 3, 31),
    )
    project = apps.get_model("board", "Project").objects.create(programme=programme, code="CHB", name="The Change Hub")
    # Code -> whether it is there to make others balance: CHB-08 closes the quarter, PRT-34 is a position of its own.
    for code, balancing in {"CHB-34": True, "CHB-36": True, "CHB-08": False, "PRT-34": False}.items():
        apps.get_model("kpis", "KpiVersion").objects.create(
            kpi=apps.get_model("kpis", "Kpi").objects.create(project=project, code=code),
            number=1,
            name=code,
            definition="As loaded",
            unit="cases",
            kind="snapshot",
            section="caseload",
            balancing=balancing,
            from_date=date(2023, 4, 1),
            reason="The board’s catalogue",
        )
    before = kinds(apps)
    assert set(before.values()) == {"snapshot"}

    assert kinds(migrate(AFTER)) == before | {"CHB-34": "opening", "CHB-36": "opening"}
    assert kinds(migrate(BEFORE)) == before
