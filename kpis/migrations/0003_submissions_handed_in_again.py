"""Submissions that are queried, changed after the close or withdrawn; opening positions loaded before their kind."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
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


def say_that_no_reason_was_kept(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """What came after the close lost its reason where it had been handed in before."""
    submissions = apps.get_model("kpis", "Submission").objects.using(editor.connection.alias)
    submissions.filter(after_close=True, late_reason="").update(changed_reason="No reason was kept.")


class Migration(migrations.Migration):
    dependencies = [
        ("board", "0003_event_organisation"),
        ("kpis", "0002_opening_positions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.CharField(help_text="The key of the figure, as in kpis/asking.py.", max_length=60)),
                (
                    "boxes",
                    models.JSONField(
                        blank=True, default=dict, help_text="What its boxes hold; none: the figure is taken away."
                    ),
                ),
            ],
            options={
                "ordering": ["submission", "slot"],
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[("asked", "Asked"), ("granted", "Granted"), ("refused", "Refused")],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("words", models.TextField(blank=True, help_text="What the officer says with the decision.")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["submission", "at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submission_status_known",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submission_submitted_by_someone",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submission_accepted_by_someone",
        ),
        migrations.AddField(
            model_name="historicalsubmission",
            name="changed_reason",
            field=models.TextField(
                blank=True, help_text="Why figures that had been handed in were changed after results were closed."
            ),
        ),
        migrations.AddField(
            model_name="historicalsubmission",
            name="extended_to",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="historicalsubmission",
            name="section_versions",
            field=models.JSONField(
                blank=True, default=dict, help_text="Section -> the version with which it was last saved."
            ),
        ),
        migrations.AddField(
            model_name="historicalsubmission",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="historicalsubmission",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="historicalsubmission",
            name="withdrawn_reason",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="changed_reason",
            field=models.TextField(
                blank=True, help_text="Why figures that had been handed in were changed after results were closed."
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="extended_to",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="section_versions",
            field=models.JSONField(
                blank=True, default=dict, help_text="Section -> the version with which it was last saved."
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="withdrawn_reason",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="historicalsubmission",
            name="after_close",
            field=models.BooleanField(default=False, help_text="Some of its figures came when results were closed."),
        ),
        migrations.AlterField(
            model_name="historicalsubmission",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("submitted", "Submitted"),
                    ("queried", "Queried"),
                    ("accepted", "Accepted"),
                    ("superseded", "Superseded"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="after_close",
            field=models.BooleanField(default=False, help_text="Some of its figures came when results were closed."),
        ),
        migrations.AlterField(
            model_name="submission",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("submitted", "Submitted"),
                    ("queried", "Queried"),
                    ("accepted", "Accepted"),
                    ("superseded", "Superseded"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.RunPython(say_that_no_reason_was_kept, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=Q(("status__in", ["draft", "submitted", "queried", "accepted", "superseded", "withdrawn"])),
                name="submission_status_known",
                violation_error_message="It is a draft, submitted, queried, accepted, superseded or withdrawn.",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("status__in", ["draft", "withdrawn"]), ("submitted_at", None), ("submitted_by", None)),
                    Q(
                        Q(("status", "draft"), _negated=True),
                        ("submitted_at__isnull", False),
                        ("submitted_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="submission_submitted_by_someone",
                violation_error_message="Only a draft has not been submitted by someone at some time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(
                        ("accepted_at", None),
                        ("accepted_by", None),
                        ("status__in", ["draft", "submitted", "queried", "withdrawn"]),
                    ),
                    Q(
                        ("accepted_at__isnull", False),
                        ("accepted_by__isnull", False),
                        ("status__in", ["accepted", "superseded"]),
                    ),
                    _connector="OR",
                ),
                name="submission_accepted_by_someone",
                violation_error_message="What is accepted names who accepted it and when; nothing else does.",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(
                        ("revision__gt", 1),
                        ("status", "withdrawn"),
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        Q(("withdrawn_reason", ""), _negated=True),
                    ),
                    Q(
                        Q(("status", "withdrawn"), _negated=True),
                        ("withdrawn_at", None),
                        ("withdrawn_by", None),
                        ("withdrawn_reason", ""),
                    ),
                    _connector="OR",
                ),
                name="submission_withdrawn_by_someone",
                violation_error_message="Only a revision is withdrawn, by someone, at some time and for a reason.",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("after_close", False),
                    Q(("late_reason", ""), _negated=True),
                    Q(("changed_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="submission_after_close_has_a_reason",
                violation_error_message="Say why these figures come after results were closed.",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="kpis.submission"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="extensions", to="kpis.submission"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(fields=("submission", "slot"), name="correction_once_a_figure"),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.UniqueConstraint(
                condition=Q(("status", "asked")),
                fields=("submission",),
                name="extension_one_asked",
                violation_error_message="More time was asked for already and is not decided yet.",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=Q(("reason", ""), _negated=True),
                name="extension_has_a_reason",
                violation_error_message="Say why more time is needed.",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("decided_at", None), ("decided_by", None), ("status", "asked"), ("words", "")),
                    Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("status__in", ["granted", "refused"]),
                    ),
                    _connector="OR",
                ),
                name="extension_decided_by_someone",
                violation_error_message="What is granted or refused names who decided and when; nothing else does.",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=Q(Q(("status", "refused"), _negated=True), Q(("words", ""), _negated=True), _connector="OR"),
                name="extension_refused_with_words",
                violation_error_message="Say why more time is refused.",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=Q(("decided_by", None), Q(("decided_by", models.F("by")), _negated=True), _connector="OR"),
                name="extension_not_decided_by_its_asker",
                violation_error_message="Someone other than the person who asked must decide.",
            ),
        ),
        migrations.RunPython(name_the_openings, call_them_positions_again),
    ]
