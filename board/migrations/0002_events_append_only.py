"""Refuse, in the database itself, to change or delete an event."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = [
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON board_event
       BEGIN SELECT RAISE(ABORT, 'Events are never changed.'); END""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON board_event
       BEGIN SELECT RAISE(ABORT, 'Events are never deleted.'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION board_event_refuse() RETURNS trigger AS $$
       BEGIN RAISE EXCEPTION 'Events are never changed or deleted.'; END $$ LANGUAGE plpgsql""",
    """CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON board_event
       FOR EACH ROW EXECUTE FUNCTION board_event_refuse()""",
]


def raise_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL:
        editor.execute(statement)


def lift_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER event_no_update")
        editor.execute("DROP TRIGGER event_no_delete")
    else:
        editor.execute("DROP TRIGGER event_append_only ON board_event")
        editor.execute("DROP FUNCTION board_event_refuse()")


class Migration(migrations.Migration):
    dependencies = [("board", "0001_initial")]
    operations = [migrations.RunPython(raise_triggers, lift_triggers)]
