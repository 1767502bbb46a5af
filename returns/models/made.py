"""The frozen reports: their wording, signatures, waivers and stored files."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Self

from django.apps import apps
from django.db import models
from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery
from django.urls import reverse

from board.models import Organisation, Programme, Project, Quarter, Role, StoredFile, User
from board.rows import Kept

if TYPE_CHECKING:
    from returns.kinds.shape import Kind


def kinds() -> Mapping[str, "Kind"]:
    """The kinds of return by code. Each is a module that stands on these tables, so they are read when asked for."""
    found: Mapping[str, Kind] = import_module("returns.kinds").KINDS
    return found


def kind_choices() -> list[tuple[str, str]]:
    """What the kinds call themselves, so that a new one needs no change of the tables."""
    return [(kind.code, kind.title) for kind in kinds().values()]


class ReturnQuerySet(models.QuerySet["Return"]):
    def visible_to(self, user: User) -> Self:
        """For the recipient's officers and for auditors.

        A statement about an organisation is for its finance officers and chief finance officer too, once its
        figures are firm; nobody else's is. Members of the board see the reports that were issued to them.
        """
        role = user.acting
        if role is None:
            return self.none()
        mine = self.filter(programme__in=Programme.objects.visible_to(user))
        if role.kind == Role.Kind.AUDITOR:
            return mine
        if role.kind == Role.Kind.BOARD_MEMBER:
            # A report whose place a revision took stays theirs: they have had it.
            issued = [kind.code for kind in kinds().values() if kind.issued_to_board]
            return mine.filter(kind__in=issued, status__in=Return.FROZEN)
        if role.kind not in (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER, Role.Kind.CFO):
            return self.none()
        seen = Q(programme__recipient=role.organisation)
        if role.kind != Role.Kind.COMMISSIONING_OFFICER:
            firm = ~Q(status=Return.Status.DRAFT)
            own = [kind.code for kind in kinds().values() if kind.seen_by_subject]
            seen |= Q(kind__in=own, subject=role.organisation.code) & firm
        return mine.filter(seen)

    def with_dispatch(self) -> Self:
        """Each with `sent_on` and `accepted_on` of its standing dispatch, for lists; None where there is none.

        `queried_on` is the day of the oldest query that is open, `returned_on` that on which one sent it back.
        """
        queries = (
            apps.get_model("returns", "FunderQuery")
            .objects.standing()
            .filter(dispatch__the_return=OuterRef("pk"), dispatch__withdrawn_at=None)
        )
        return self.annotate(
            standing_dispatch=FilteredRelation("dispatches", condition=Q(dispatches__withdrawn_at=None)),
            sent_on=F("standing_dispatch__sent_on"),
            accepted_on=F("standing_dispatch__accepted_on"),
            queried_on=Subquery(queries.filter(outcome="").order_by("asked_on").values("asked_on")[:1]),
            returned_on=Subquery(queries.filter(outcome="revision").order_by("ended_on").values("ended_on")[:1]),
        )


class Return(Kept):
    """One row is one revision of a return of a kind, over quarters. Certified, it never changes again.

    `content_hash` is that of the content which was prepared and is being signed; preparing again
    replaces it and drops the signatures.
    """

    # The kind whose certification makes a claim; other rules of money ask for it by name.
    CLAIM: ClassVar = "claim"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PREPARED = "prepared", "Prepared"
        CHECKED = "checked", "Checked"
        CERTIFIED = "certified", "Certified"
        SUPERSEDED = "superseded", "Superseded"

    FROZEN: ClassVar = (Status.CERTIFIED, Status.SUPERSEDED)

    reference = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=kind_choices)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="returns")
    first_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="returns_from")
    last_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="returns_to")
    subject = models.CharField(max_length=80, blank=True, help_text="A reference; empty for the whole programme.")
    revision = models.PositiveSmallIntegerField(default=1)
    revision_reason = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    content_hash = models.CharField(max_length=64, blank=True)
    certified_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["programme", "last_quarter", "kind", "revision"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "programme", "first_quarter", "last_quarter", "subject", "revision"],
                name="return_revision_once",
                violation_error_message="This revision of the return exists already.",
            ),
            models.UniqueConstraint(
                fields=["kind", "programme", "first_quarter", "last_quarter", "subject"],
                condition=Q(status__in=["draft", "prepared", "checked"]),
                name="return_one_open_revision",
                violation_error_message="This return has an open revision already.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | ~Q(content_hash=""),
                name="return_signed_content_has_its_hash",
                violation_error_message="A prepared return names the content that was signed.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["certified", "superseded"], certified_at__isnull=False)
                | (~Q(status__in=["certified", "superseded"]) & Q(certified_at=None)),
                name="return_certified_has_its_moment",
                violation_error_message="A certified return has its moment, and only such a return.",
            ),
            models.CheckConstraint(
                condition=Q(revision=1) | ~Q(revision_reason=""),
                name="return_revision_has_a_reason",
                violation_error_message="Give the reason for the revision.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("returns:return", args=[self.pk])

    @property
    def file_stem(self) -> str:
        """The reference as a file name takes it."""
        return self.reference.replace("/", "-")

    @property
    def is_frozen(self) -> bool:
        return self.status in self.FROZEN


class Commentary(Kept):
    """One row is the words of one section of a return."""

    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="commentaries")
    section = models.SlugField(max_length=40)
    words = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["the_return", "section"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["the_return", "section"], name="commentary_once_a_section")
        ]

    def __str__(self) -> str:
        return f"{self.the_return} {self.section}"


class Risk(Kept):
    """One row is a risk of a programme, carried forward from return to return until it is closed."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="risks")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="risks")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    likelihood = models.PositiveSmallIntegerField(help_text="1 rare to 5 almost certain")
    impact = models.PositiveSmallIntegerField(help_text="1 slight to 5 severe")
    mitigation = models.TextField()
    owner_title = models.CharField("owner", max_length=120, help_text="A role title, no name.")
    opened_in = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="risks_opened")
    closed_in = models.ForeignKey(Quarter, on_delete=models.PROTECT, null=True, blank=True, related_name="risks_closed")

    class Meta:
        ordering: ClassVar = ["programme", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "number"], name="risk_number_once_a_programme"),
            models.CheckConstraint(
                condition=Q(likelihood__gte=1, likelihood__lte=5, impact__gte=1, impact__lte=5),
                name="risk_scores_one_to_five",
                violation_error_message="Likelihood and impact are scored from 1 to 5.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def score(self) -> int:
        return self.likelihood * self.impact


class Signature(models.Model):
    """One row is that a person signed a return in a capacity, and the hash of the content that they saw.

    One person signs a return once at most, which makes its signers differ. Dropped only when the
    return is prepared again before it is certified; then the event remains.
    """

    class Act(models.TextChoices):
        PREPARE = "prepare", "Prepared by"
        CHECK = "check", "Checked by"
        CERTIFY = "certify", "Certified by"

    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="signatures")
    act = models.CharField(max_length=10, choices=Act)
    capacity = models.CharField(max_length=120)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=120, help_text="As printed; stays when the account changes.")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    statement = models.TextField()
    content_hash = models.CharField(max_length=64)
    # Of a signature on paper: the day on it, its copy, and who uploaded that at `signed_at`.
    signed_on = models.DateField(null=True, blank=True)
    copy = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="signatures")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["the_return", "signed_at", "act"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(signed_on=None, copy=None, uploaded_by=None)
                | Q(signed_on__isnull=False, copy__isnull=False, uploaded_by__isnull=False),
                name="signature_on_paper_is_whole",
                violation_error_message="A signature on paper has its day, its copy and who uploaded it.",
            ),
            models.CheckConstraint(
                condition=Q(uploaded_by=None) | ~Q(uploaded_by=F("person")),
                name="signature_on_paper_uploaded_by_another",
                violation_error_message="Nobody uploads their own signature.",
            ),
            models.UniqueConstraint(
                fields=["the_return", "person"],
                name="signature_signers_differ",
                violation_error_message="You have signed this return already. Each signature is another person's.",
            ),
            models.UniqueConstraint(
                fields=["the_return", "act"],
                name="signature_once_an_act",
                violation_error_message="This signature is given already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.the_return} {self.act}"


class Document(models.Model):
    """One row is a stored file of a certified return: its bytes, which alone are served from then on."""

    class Format(models.TextChoices):
        CONTENT = "json", "Content"
        WORKBOOK = "xlsx", "Workbook"
        PDF = "pdf", "PDF"

    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="documents")
    format = models.CharField(max_length=4, choices=Format)
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["the_return", "format"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["the_return", "format"], name="document_once_a_format")
        ]

    def __str__(self) -> str:
        return self.file_name


class Download(models.Model):
    """One row is that a person took a file of a return, draft or final."""

    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="downloads")
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.file_name} {self.at.isoformat()}"


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def agreed(self) -> Self:
        """Those that were agreed and not taken back, expired or not."""
        return self.filter(withdrawn_at=None).exclude(agreed_at=None)

    def of_series(self, the_return: Return) -> Self:
        """Those of any revision of a return."""
        return self.filter(
            the_return__kind=the_return.kind,
            the_return__programme=the_return.programme_id,
            the_return__first_quarter=the_return.first_quarter_id,
            the_return__last_quarter=the_return.last_quarter_id,
            the_return__subject=the_return.subject,
        )


class Waiver(Kept):
    """One row is that a return may be signed although something is missing: asked for by one, agreed by another.

    It waives one thing in the words in which the return said it; with other words, as another amount, it is
    another thing. What was waived is due in the next return.
    """

    reference = models.CharField(max_length=20, unique=True)
    the_return = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="waivers")
    code = models.CharField(max_length=20)
    words = models.TextField()
    # SHA-256 of the words, by which they are found.
    item = models.CharField(max_length=64)
    reason = models.TextField()
    until = models.DateField(help_text="The last day on which somebody may sign under it.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    agreed_capacity = models.CharField(max_length=120, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(blank=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["the_return", "item"],
                condition=Q(withdrawn_at=None),
                name="waiver_once_a_thing",
                violation_error_message="A waiver is asked for this already.",
            ),
            models.CheckConstraint(
                condition=Q(agreed_at=None, agreed_by=None) | Q(agreed_at__isnull=False, agreed_by__isnull=False),
                name="waiver_agreed_by_somebody",
                violation_error_message="An agreed waiver names who agreed and when.",
            ),
            models.CheckConstraint(
                condition=Q(agreed_by=None) | ~Q(agreed_by=F("asked_by")),
                name="waiver_takes_two",
                violation_error_message="Who asks for a waiver does not agree to it.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="waiver_withdrawn_with_a_reason",
                violation_error_message="A waiver is taken back with a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_agreed(self) -> bool:
        return self.agreed_at is not None

    @property
    def standing(self) -> str:
        """Where it stands, in a word."""
        if self.withdrawn_at is not None:
            return "Withdrawn"
        return "Agreed" if self.is_agreed else "Asked for"
