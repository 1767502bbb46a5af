"""The seals of the record of acts, which the database itself refuses to change."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = [
    """CREATE TRIGGER seal_no_update BEFORE UPDATE ON board_seal
       BEGIN SELECT RAISE(ABORT, 'Seals are never changed.'); END""",
    """CREATE TRIGGER seal_no_delete BEFORE DELETE ON board_seal
       BEGIN SELECT RAISE(ABORT, 'Seals are never deleted.'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION board_seal_refuse() RETURNS trigger AS $$
       BEGIN RAISE EXCEPTION 'Seals are never changed or deleted.'; END $$ LANGUAGE plpgsql""",
    """CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON board_seal
       FOR EACH ROW EXECUTE FUNCTION board_seal_refuse()""",
]


def raise_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL:
        editor.execute(statement)


def lift_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER seal_no_update")
        editor.execute("DROP TRIGGER seal_no_delete")
    else:
        editor.execute("DROP TRIGGER seal_append_only ON board_seal")
        editor.execute("DROP FUNCTION board_seal_refuse()")


class Migration(migrations.Migration):

    dependencies = [
        ('board', '0007_delegations'),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('previous', models.CharField(blank=True, help_text='The hash before; empty for the first.', max_length=64, unique=True)),
                ('hash', models.CharField(max_length=64, unique=True)),
                ('sealed_at', models.DateTimeField()),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='board.event')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.RunPython(raise_triggers, lift_triggers),
    ]
