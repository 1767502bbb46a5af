"""The partnership: organisations, people and their roles, programmes, projects, years and quarters."""

from datetime import date, datetime
from typing import ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from board import clock
from board.rows import Counter
from core.file_kinds import KNOWN, FileKind
from core.financial_year import quarter_label, year_bounds

__all__ = [
    "Counter",
    "Delegation",
    "Event",
    "Milestone",
    "Notice",
    "Organisation",
    "Programme",
    "Project",
    "Quarter",
    "Reopening",
    "Role",
    "StoredFile",
    "Threshold",
    "User",
    "Year",
]


class Organisation(models.Model):
    """One row is a party to the partnership. One body may fund, record spend, deliver and report."""

    class Kind(models.TextChoices):
        HOME_OFFICE = "home-office", "Home Office"
        PFCC = "pfcc", "Police, Fire and Crime Commissioner"
        COUNCIL = "council", "Council"
        POLICE = "police", "Police"
        PROVIDER = "provider", "Provider"
        EVALUATOR = "evaluator", "Evaluator"
        BOARD = "board", "Board"

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=200, unique=True)
    short_name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind)
    # s.33 VATA 1994: the PFCC and councils recover VAT on non-business activity, charities cannot.
    recovers_vat = models.BooleanField("recovers VAT", default=False)
    # What the Transparency Code 2015 asks for of a supplier. The database knows what holds where nobody has said, so
    # that what does not know these columns, as an earlier state of the tables, still writes rows.
    registration = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Charity or company number, such as GB-CHC-1234567.",
    )
    is_sme = models.BooleanField("small or medium-sized enterprise", default=False, db_default=False)
    is_vcse = models.BooleanField("voluntary, community or social enterprise", default=False, db_default=False)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.short_name


class UserManager(BaseUserManager["User"]):
    """Makes people who sign in by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user

    def create_superuser(self, email: str, password: str, **fields: object) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """One row is a person who may sign in. What they may do follows from their roles alone."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=120, help_text="As it shall be printed on a certificate.")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=clock.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]
    objects = UserManager()

    class Meta:
        ordering: ClassVar = ["email"]

    def __str__(self) -> str:
        return self.name

    def roles_on(self, day: date) -> models.QuerySet["Role"]:
        """The roles in force on a day, in the order in which the role switch offers them."""
        return self.roles.in_force(day).select_related("organisation", "programme", "delegation").order_by("pk")

    @property
    def acting(self) -> "Role | None":
        """The one role in which the person acts now: that of the session, else the first in force."""
        if "_acting" not in self.__dict__:
            self._acting = self.roles_on(clock.today()).first() if self.is_active else None
        return self._acting

    def act_as(self, role: "Role | None") -> Self:
        """Choose the role in which what follows is done."""
        self._acting = role
        return self

    @property
    def is_staff(self) -> bool:
        """Whether the administration pages open: for administrators of reference data only."""
        return self.is_superuser or (self.acting is not None and self.acting.kind == Role.Kind.ADMINISTRATOR)


class RoleQuerySet(models.QuerySet["Role"]):
    def in_force(self, day: date) -> Self:
        """Roles that have begun, not ended and not been withdrawn; `ends_on` is the last day of access."""
        in_time = Q(starts_on__lte=day) & (Q(ends_on=None) | Q(ends_on__gte=day))
        return self.filter(in_time, withdrawn_at=None)


class Role(models.Model):
    """One row is what a person may do for an organisation, from a day to a day, in one programme or all."""

    class Kind(models.TextChoices):
        FINANCE_OFFICER = "finance-officer", "Finance officer"
        KPI_REPORTER = "kpi-reporter", "KPI reporter"
        COMMISSIONING_OFFICER = "commissioning-officer", "Commissioning officer"
        CFO = "cfo", "Chief finance officer"
        BOARD_MEMBER = "board-member", "Board member"
        AUDITOR = "auditor", "Auditor"
        ADMINISTRATOR = "administrator", "Administrator"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="roles")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="roles")
    kind = models.CharField(max_length=30, choices=Kind)
    programme = models.ForeignKey(
        "Programme", on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: every programme."
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="The last day of access.")
    # A deputy's role that was taken away before its last day; it ends at that moment, not with that day.
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="role_ends_after_it_starts",
                violation_error_message="A role cannot end before it starts.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="auditor") | Q(ends_on__isnull=False),
                name="auditor_access_ends",
                violation_error_message="An auditor's access needs a last day.",
            ),
            models.UniqueConstraint(
                fields=["user", "organisation", "kind", "programme", "starts_on"],
                condition=Q(withdrawn_at=None),
                name="role_given_once",
                violation_error_message="This person has the role from that day already.",
            ),
            # A database holds two empty programmes to be different ones.
            models.UniqueConstraint(
                fields=["user", "organisation", "kind", "starts_on"],
                condition=Q(programme=None, withdrawn_at=None),
                name="role_for_every_programme_given_once",
                violation_error_message="This person has the role from that day already.",
            ),
        ]

    def __str__(self) -> str:
        title = "Deputy for the chief finance officer" if self.is_delegated else self.get_kind_display()
        return f"{title}, {self.organisation.short_name}"

    @property
    def is_delegated(self) -> bool:
        """Whether the role is a deputy's, held under somebody's written authority."""
        return hasattr(self, "delegation")

    @property
    def capacity(self) -> str:
        """In what capacity its holder signs, as a certificate prints it."""
        if not self.is_delegated:
            return self.get_kind_display()
        day = f"{self.delegation.given_on:%-d %B %Y}"
        return f"Deputy, for the Chief Finance Officer, under delegation of {day}"


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def visible_to(self, user: User) -> Self:
        """The programmes of the acting role: its own one, or all."""
        role = getattr(user, "acting", None)
        if role is None:
            return self.none()
        return self.filter(pk=role.programme_id) if role.programme_id else self.all()


class Programme(models.Model):
    """One row is a grant period with its recipient; every year, quarter, project and source hangs on it."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    recipient = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    funder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()
    legal_power = models.CharField(max_length=200, blank=True)
    contacts = models.TextField(blank=True, help_text="Role titles and shared mailboxes, one a line.")
    marking = models.CharField(max_length=40, blank=True, default="OFFICIAL-SENSITIVE")
    illustrative = models.BooleanField(default=False, help_text="Its figures are invented and marked so.")

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-first_day", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day")),
                name="programme_ends_after_it_starts",
                violation_error_message="A programme cannot end before it starts.",
            )
        ]

    def __str__(self) -> str:
        return self.name


# The code of the project and of the cost heading that hold budget not yet given a purpose.
UNALLOCATED = "unallocated"


class Project(models.Model):
    """One row is one strand of delivery of a programme (The Change Hub, Goodman, …)."""

    class Typology(models.TextChoices):
        PREVENTION = "prevention", "Prevention"
        EARLY_RESPONSE = "early-response", "Early response"
        BEHAVIOUR_CHANGE = "behaviour-change", "Behaviour change"
        HELP_SEEKING = "help-seeking", "Help-seeking"
        VICTIM_SUPPORT = "victim-support", "Victim support"
        EVALUATION = "evaluation", "Evaluation"
        OVERHEAD = "overhead", "Overhead"

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="projects")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    typology = models.CharField(max_length=20, choices=Typology)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["programme", "position", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="project_code_once_a_programme")
        ]

    def __str__(self) -> str:
        return self.name


class Milestone(models.Model):
    """One row is a thing of a project that is due by a day. Forecast and met dates are results, kept there alone."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="milestones")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    due_on = models.DateField()

    class Meta:
        ordering: ClassVar = ["project", "due_on", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "code"], name="milestone_code_once_a_project")
        ]

    def __str__(self) -> str:
        return self.name


class Year(models.Model):
    """One row is a financial year of a programme; awards are ring-fenced by it."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="years")
    code = models.CharField(max_length=7)
    starts = models.PositiveSmallIntegerField(help_text="The calendar year of its April.")

    class Meta:
        ordering: ClassVar = ["programme", "starts"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["programme", "starts"], name="year_once_a_programme")]

    def __str__(self) -> str:
        return self.code

    @property
    def bounds(self) -> tuple[date, date]:
        """First and last day."""
        return year_bounds(self.starts)


class Quarter(models.Model):
    """One row is a span that spend and results are dated by: a quarter, a closing period, a follow-up.

    It closes separately for money and for results. Whether it is open is worked out in
    `board/quarters.py` from these moments, the reopenings and the moment asked about.
    """

    class Kind(models.TextChoices):
        QUARTER = "quarter", "Quarter"
        CLOSING = "closing", "Closing period"
        FOLLOW_UP = "follow-up", "Follow-up"

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="quarters")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="quarters")
    kind = models.CharField(max_length=10, choices=Kind)
    number = models.PositiveSmallIntegerField(help_text="1 to 4; 5 for the closing period.")
    code = models.CharField(max_length=20)
    first_day = models.DateField()
    last_day = models.DateField()
    provider_due_on = models.DateField()
    check_due_on = models.DateField()
    certify_due_on = models.DateField()
    money_closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    money_closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    results_closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    results_closed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["programme", "first_day", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="quarter_code_once_a_programme"),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")),
                name="quarter_ends_after_it_starts",
                violation_error_message="A quarter cannot end before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(check_due_on__gte=F("provider_due_on")) & Q(certify_due_on__gte=F("check_due_on")),
                name="quarter_due_dates_in_order",
                violation_error_message="The due dates run provider, check, certify.",
            ),
            models.CheckConstraint(
                condition=Q(money_closed_at=None, money_closed_by=None)
                | Q(money_closed_at__isnull=False, money_closed_by__isnull=False),
                name="quarter_money_closed_by_someone",
                violation_error_message="A quarter closed for money names who closed it and when.",
            ),
            models.CheckConstraint(
                condition=Q(results_closed_at=None, results_closed_by=None)
                | Q(results_closed_at__isnull=False, results_closed_by__isnull=False),
                name="quarter_results_closed_by_someone",
                violation_error_message="A quarter closed for results names who closed it and when.",
            ),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.CLOSING:
            return f"{self.code[:7]} closing period"
        if self.kind == self.Kind.FOLLOW_UP:
            return f"{quarter_label(self.first_day.year - (self.first_day.month < 4), self.number)}, follow-up"
        return quarter_label(int(self.code[:4]), self.number)

    @property
    def short_label(self) -> str:
        """The label for a narrow column: "Q1 2023-24", "Closing 2023-24"."""
        return f"Closing {self.code[:7]}" if self.kind == self.Kind.CLOSING else f"Q{self.number} {self.code[:7]}"

    @property
    def order(self) -> tuple[date, int]:
        """What quarters of one programme are sorted by; a closing period comes after its Q4."""
        return (self.first_day, self.number)


class Reopening(models.Model):
    """One row opens a closed quarter again, for money or results, for one organisation or all, until a moment."""

    class What(models.TextChoices):
        MONEY = "money", "Money"
        RESULTS = "results", "Results"

    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="reopenings")
    what = models.CharField(max_length=10, choices=What)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: everyone."
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    opened_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["quarter", "opened_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until__gt=F("opened_at")),
                name="reopening_ends",
                violation_error_message="A reopening ends after it begins.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="reopening_has_a_reason",
                violation_error_message="Give the reason for reopening.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quarter.code} reopened for {self.what}"

    def covers(self, what: str, organisation: Organisation | None, moment: datetime) -> bool:
        """Whether it lets an organisation write at a moment."""
        return (
            self.what == what
            and self.opened_at <= moment < self.until
            and self.organisation_id in (None, organisation.pk if organisation else None)
        )


class Threshold(models.Model):
    """One row is the value of a rule's threshold in a programme, from a day on.

    `value` is in hundredths of the rule's unit: pence for pounds, hundredths of a per cent for shares.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="thresholds")
    rule = models.SlugField(max_length=40)
    value = models.BigIntegerField(help_text="In hundredths: pence, or hundredths of a per cent.")
    from_date = models.DateField()

    class Meta:
        ordering: ClassVar = ["programme", "rule", "from_date"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "rule", "from_date"], name="threshold_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.rule} from {self.from_date.isoformat()}"


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, user: User) -> Self:
        """All of a programme for its recipient and for auditors; for others what their own organisation did in it.

        What concerns no programme is for the organisation that did it, and for auditors of every programme.
        """
        role = user.acting
        if role is None or role.kind not in (Role.Kind.AUDITOR, Role.Kind.COMMISSIONING_OFFICER, Role.Kind.CFO):
            return self.none()
        programmes = Programme.objects.visible_to(user)
        if role.kind == Role.Kind.AUDITOR:
            return self.filter(programme__in=programmes) if role.programme_id else self.all()
        own = Q(organisation=role.organisation)
        mine = own & (Q(programme=None) | Q(programme__in=programmes))
        return self.filter(mine | Q(programme__in=programmes.filter(recipient=role.organisation)))


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def unattached(self) -> Self:
        """Files to which no row of any floor points: uploaded, and put to no use yet."""
        found = self
        for relation in StoredFile._meta.related_objects:
            uses = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            found = found.filter(~Exists(uses))
        return found

    def staged_by(self, user: User) -> Self:
        """What a person uploaded for the organisation that they act for, and attached to nothing yet."""
        role = user.acting
        if role is None:
            return self.none()
        return self.filter(uploaded_by=user, organisation=role.organisation).unattached()


class StoredFile(models.Model):
    """One row is one upload: who gave which content, and when. It never changes.

    The content lies in the folder of files under its SHA-256, once for all uploads of it; `board/files.py`
    writes and reads it there. Every attachment, whatever it is attached to, points at such a row.
    """

    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    kind = models.CharField(max_length=10, choices=[(kind.value, KNOWN[kind].words) for kind in FileKind])
    name = models.CharField(max_length=200, help_text="As the person's computer calls it.")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="stored_files")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["uploaded_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(size__gt=0),
                name="stored_file_is_not_empty",
                violation_error_message="An empty file is not kept.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def visible_to(self, user: User) -> Self:
        """Those of the person's organisation, and for an auditor those of the programmes that they audit."""
        role = user.acting
        if role is None or role.kind not in (Role.Kind.CFO, Role.Kind.COMMISSIONING_OFFICER, Role.Kind.AUDITOR):
            return self.none()
        own = Q(role__organisation=role.organisation)
        if role.kind == Role.Kind.AUDITOR:
            own |= Q(role__organisation__in=Programme.objects.visible_to(user).values("recipient"))
        return self.filter(own)


class Delegation(models.Model):
    """One row is a chief finance officer's written authority to a deputy: the role that it gave, and the paper.

    The deputy signs as deputy and says under which authority. What the row says never changes; it is withdrawn.
    """

    reference = models.CharField(max_length=20, unique=True)
    role = models.OneToOneField(Role, on_delete=models.PROTECT, related_name="delegation")
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    authority = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="delegations")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_reason = models.TextField(blank=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-given_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(withdrawn_by=None, withdrawn_reason="")
                | (Q(withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
                name="delegation_withdrawn_with_a_reason",
                violation_error_message="A delegation is withdrawn by somebody, with a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("deputy", args=[self.reference])

    def standing_on(self, day: date) -> str:
        """Whether the deputy may sign on a day, in a word."""
        if self.role.withdrawn_at is not None:
            return "Withdrawn"
        if day < self.role.starts_on:
            return "Not begun"
        return "Ended" if self.role.ends_on is not None and day > self.role.ends_on else "In force"

    @property
    def given_on(self) -> date:
        """The day of the delegation, in England."""
        return timezone.localdate(self.given_at)


class Event(models.Model):
    """One row is an act, a refusal, a sign-in or a download. Append-only: a trigger refuses change."""

    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=120, blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Acted for."
    )
    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    words = models.TextField(blank=True)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["subject"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"


class Seal(models.Model):
    """One row seals an event: its hash covers the event and the seal before it, so that none can be altered unseen.

    Made by `board/sealing.py`. Append-only: a trigger refuses change. No two follow the same one, so the chain never
    forks.
    """

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")
    previous = models.CharField(
        max_length=64, blank=True, unique=True, help_text="The hash before; empty for the first."
    )
    hash = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.hash


class Notice(models.Model):
    """One row is that a person is told of something once, and when the mail about it went.

    The row stands before the mail is sent, so that a mail that fails is sent the next time and nothing is lost.
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    key = models.CharField(max_length=200)
    words = models.TextField(help_text="What the person is told. No personal data.")
    due_on = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["person", "due_on", "key"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "key"], name="notice_once_a_person")]

    def __str__(self) -> str:
        return f"{self.key} for {self.person.email}"
