"""Opening positions of a catalogue that was loaded before there was a kind for them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q

# The catalogue's two measures of the first day: opening caseload, and referrals awaiting a decision.
OPENINGS = Q(kpi__code__endswith="-34") | Q(kpi__code__endswith="-36")


def name_the_openings(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _change(apps, editor, "snapshot", "opening")


def call_them_positions_again(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _change(apps, editor, "opening", "snapshot")


def _change(apps: StateApps, editor: BaseDatabaseSchemaEditor, old: str, new: str) -> None:
    """Only figures that make others balance: a board's own position under such a code stays one."""
    versions = apps.get_model("kpis", "KpiVersion").objects.using(editor.connection.alias)
    versions.filter(OPENINGS, kind=old, balancing=True).update(kind=new)


class Migration(migrations.Migration):
    dependencies = [("kpis", "0002_opening_positions")]
    operations = [migrations.RunPython(name_the_openings, call_them_positions_again)]
