"""The lists of the returns: quarters with what was made of them, files that were taken, signatures."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django_tables2 import A

from board.models import Organisation, Quarter, StoredFile
from core.forms import day_in_words
from core.tables import Column, CountColumn, DayColumn, MomentColumn, MoneyColumn, ShortColumn, Table, TagColumn
from funding.models import Evidence, SpendLine
from returns.content import short_hash
from returns.kinds.claim_record import payee
from returns.kinds.scope import Scope, scope_of
from returns.models import QueryFile, Return, Sample, SampleLine, Signature
from returns.sending import standing_in_list

STATUS_COLOURS = {
    Return.Status.DRAFT: "grey",
    Return.Status.PREPARED: "light-blue",
    Return.Status.CHECKED: "blue",
    Return.Status.CERTIFIED: "green",
    Return.Status.SUPERSEDED: "purple",
}
NOT_BEGUN, ON_PAPER = "Not begun", "Certified on paper"


class ReturnColumn(Column):
    """What stands of a kind of return of a quarter: the certified one, and the revision under way, as links."""

    def __init__(self, header: str, *, kind: str, not_for: tuple[str, ...] = ()) -> None:
        super().__init__(header, empty_values=(), orderable=False, accessor="pk")
        self.kind, self.not_for = kind, not_for

    def standing(self, quarter: Quarter) -> list[Return]:
        """The certified return if there is one, then a revision of it that is not certified yet."""
        found = [row for row in quarter.shown_returns if row.kind == self.kind]
        return sorted(
            (row for row in found if row.status != Return.Status.SUPERSEDED), key=lambda row: row.revision
        )  # fmt: skip

    def render(self, record: Quarter) -> SafeString | str:  # type: ignore[override]
        found = self.standing(record)
        if not found:
            return self.value(record, None)
        return format_html_join(
            mark_safe("<br>"),
            '<strong class="govuk-tag govuk-tag--{}">{}</strong> <a class="govuk-link" href="{}">{}'
            '<span class="govuk-visually-hidden"> {} of {}</span></a>{}',
            [
                (
                    STATUS_COLOURS[Return.Status(row.status)],
                    row.get_status_display(),
                    row.get_absolute_url(),
                    f"Revision {row.revision}" if row.revision > 1 else "Open",
                    row.get_kind_display().lower(),
                    record,
                    _after_comma(row),
                )
                for row in found
            ],
        )

    def value(self, record: Quarter, value: Any) -> str:
        found = self.standing(record)
        if not found and record.kind in self.not_for:
            return "None asked for"
        if not found:
            # A claim of the time before this system has its row, and its return on paper.
            return ON_PAPER if self.kind == "claim" and record.shown_claims else NOT_BEGUN
        return "; ".join(f"{row.get_status_display()}, revision {row.revision}{_after_comma(row)}" for row in found)


def _after_comma(row: Return) -> str:
    """ ", sent on 27 July 2023": where it stands with the funder, behind other words; empty where it says nothing."""
    said = standing_in_list(row)
    return f", {said[0].lower()}{said[1:]}" if said else ""


class OpenColumn(Column):
    """Since when a quarter is closed."""

    def __init__(self, header: str, field: str, *, not_for: tuple[str, ...]) -> None:
        super().__init__(header, accessor=field, empty_values=())
        self.not_for = not_for

    def render(self, record: Quarter, value: Any) -> str:  # type: ignore[override]
        if record.kind in self.not_for:
            return "Takes none"
        return f"Closed {day_in_words(timezone.localtime(value))}" if value else "Not closed"

    def value(self, record: Quarter, value: Any) -> str:
        return self.render(record, value)


class QuarterTable(Table):
    """The quarters of the programmes, each with its returns."""

    caption = "Quarters and their returns"
    empty_text = "There is no quarter to show. What your organisation signs stands under “every return and statement”."
    quarter = Column("Quarter", accessor="pk", orderable=False, linkify=("returns:quarter", [A("pk")]))
    programme = ShortColumn("Programme", accessor="programme__code")
    certify_due_on = DayColumn("Due")
    money = OpenColumn("Spend", "money_closed_at", not_for=(Quarter.Kind.FOLLOW_UP,))
    results = OpenColumn("Results", "results_closed_at", not_for=(Quarter.Kind.CLOSING,))
    claim = ReturnColumn("Claim", kind="claim", not_for=(Quarter.Kind.FOLLOW_UP,))
    performance = ReturnColumn("Performance", kind="performance", not_for=(Quarter.Kind.CLOSING,))

    class Meta:
        order_by = ("-certify_due_on",)

    def render_quarter(self, record: Quarter) -> str:
        return str(record)

    def value_quarter(self, record: Quarter) -> str:
        return str(record)


class StatementTable(Table):
    """Returns of any span and subject, one a row, the latest first."""

    caption = "Returns and statements"
    empty_text = "No return or statement that you may see fits."
    kind = Column("Return", linkify=True)
    period = Column("Period", accessor="pk", orderable=False)
    programme = ShortColumn("Programme", accessor="programme__code")
    subject = Column("About")
    revision = Column("Revision")
    status = TagColumn("Status", colours={str(key): colour for key, colour in STATUS_COLOURS.items()})
    certified_at = MomentColumn("Certified")
    funder = Column("With the funder", accessor="pk", orderable=False)

    class Meta:
        order_by = ("-certified_at", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = dict(Organisation.objects.values_list("code", "short_name"))

    def render_kind(self, record: Return) -> str:
        return record.get_kind_display()

    def value_kind(self, record: Return) -> str:
        return record.get_kind_display()

    def render_period(self, record: Return) -> str:
        return str(scope_of(record))

    def value_period(self, record: Return) -> str:
        return str(scope_of(record))

    def render_funder(self, record: Return) -> str:
        return standing_in_list(record)

    def value_funder(self, record: Return) -> str:
        return standing_in_list(record)

    def render_subject(self, value: str) -> str:
        return self.names.get(value, value)

    def value_subject(self, record: Return, value: str) -> str:
        return self.names.get(value, value)


class BoardReportTable(Table):
    """The board reports that were issued, one a row, the latest first."""

    caption = "Board reports"
    empty_text = "No board report has been issued yet."
    period = Column("Quarter", accessor="pk", orderable=False, linkify=("returns:board-report", [A("pk")]))
    programme = ShortColumn("Programme", accessor="programme__code")
    revision = Column("Revision")
    standing = Column("Status", accessor="status", orderable=False)
    certified_at = MomentColumn("Issued")

    class Meta:
        order_by = ("-certified_at",)

    def render_period(self, record: Return) -> str:
        return str(scope_of(record))

    def value_period(self, record: Return) -> str:
        return str(scope_of(record))

    def render_standing(self, record: Return) -> str:
        return self.value_standing(record)

    def value_standing(self, record: Return) -> str:
        """In the board's words: a return that is certified was issued to them."""
        return "In force" if record.status == Return.Status.CERTIFIED else "Replaced by a revision"


class QueryTable(Table):
    """What the funder asked about a return."""

    caption = "Questions of the funder"
    reference = ShortColumn("Question", linkify=True, orderable=False)
    asked_on = DayColumn("Asked", orderable=False)
    question = Column("What is asked", orderable=False)
    due_on = DayColumn("Answer due", orderable=False)
    standing = Column("Standing", accessor="standing_words", orderable=False)

    def render_question(self, value: str) -> str:
        return Truncator(value).words(30)


class QueryFileTable(Table):
    """The files of a question and its answer."""

    caption = "Files"
    empty_text = "No file is attached."
    name = Column("File", accessor="file__name", orderable=False)
    sha256 = Column("SHA-256, first 16", accessor="file__sha256", orderable=False)
    created_at = MomentColumn("Attached", orderable=False)
    created_by = Column("By", orderable=False)

    def render_name(self, record: QueryFile, value: str) -> SafeString:
        query = record.query
        url = reverse("returns:query-file", args=[query.dispatch.the_return_id, query.reference, record.pk])
        return format_html('<a class="govuk-link" href="{}">{}</a>', url, value)

    def render_sha256(self, value: str) -> str:
        return short_hash(value)


class PackTable(Table):
    """The spans of a programme of which a pack can be taken: dicts with span, certified and url."""

    empty_text = "The programme has no quarters yet."
    span = Column("Span", orderable=False)
    certified = CountColumn("Certified returns", orderable=False)
    url = Column("Pack", orderable=False)

    def __init__(self, *args: Any, caption: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.caption = caption

    def render_url(self, record: dict[str, str], value: str) -> SafeString:
        words = '<a class="govuk-link" href="{}">Download<span class="govuk-visually-hidden">: {}</span></a>'
        return format_html(words, value, record["span"])


class SampleTable(Table):
    """The samples that auditors drew, one a row."""

    caption = "Samples"
    empty_text = "No sample that you may see has been drawn."
    reference = ShortColumn("Sample", linkify=True)
    purpose = Column("What it is for")
    programme = ShortColumn("Programme", accessor="programme__code")
    span = Column("Claims of", accessor="pk", orderable=False)
    drawn = CountColumn("Lines")
    left = CountColumn("Without result")
    created_at = MomentColumn("Drawn")
    finished_at = MomentColumn("Finished")

    class Meta:
        order_by = ("-created_at",)

    def render_span(self, record: Sample) -> str:
        return str(Scope(record.first_quarter, record.last_quarter))

    def value_span(self, record: Sample) -> str:
        return self.render_span(record)


class SampleLineTable(Table):
    """The lines of a sample. `records`: the person records results."""

    caption = "Lines of the sample"
    number = Column("No.", orderable=False)
    line = ShortColumn("Line", accessor="line__reference", orderable=False)
    payee = Column("Supplier or basis", accessor="pk", orderable=False)
    claim = Column("Claim", accessor="claim_line__part__claim__reference", orderable=False)
    why = Column("Drawn", orderable=False)
    cost = MoneyColumn("Claimed", orderable=False)
    result = Column("Result", orderable=False, empty_values=())
    exception = MoneyColumn("Wrong by", orderable=False)
    words = Column("What was found", orderable=False)

    def __init__(self, *args: Any, records: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.records = records

    def render_line(self, record: SampleLine, value: str) -> SafeString:
        url = reverse("funding:entry", args=[record.line.transaction.reference])
        return format_html('<a class="govuk-link app-nowrap" href="{}">{}</a>', url, value)

    def render_payee(self, record: SampleLine) -> str:
        return payee(record.line.transaction)

    def render_result(self, record: SampleLine) -> SafeString | str:
        words = record.get_result_display() or "None yet"
        if not self.records:
            return words
        to_do = "Change" if record.result else "Record"
        return format_html(
            '{}<br><a class="govuk-link" href="{}">{}<span class="govuk-visually-hidden"> the result of {}</span></a>',
            words, record.get_absolute_url(), to_do, record.line.reference,
        )  # fmt: skip


class ProofTable(Table):
    """The evidence of an entry, as far as the person sees it."""

    caption = "Evidence"
    empty_text = "No evidence that you may see is attached."
    reference = ShortColumn("Evidence", orderable=False, linkify=("funding:evidence-file", [A("reference")]))
    what = Column("What it is", orderable=False)
    name = Column("File", accessor="file__name", orderable=False)
    uploaded_at = DayColumn("Uploaded", accessor="file__uploaded_at", orderable=False)


class SignatureTable(Table):
    """Who signed a return, in what capacity; rows are `SignatureGiven`."""

    caption = "Signatures"
    empty_text = "Nobody has signed this return yet."
    capacity = Column("Signature", orderable=False)
    name = Column("Person", orderable=False)
    role = Column("Role", orderable=False)
    organisation = Column("Organisation", orderable=False)
    moment = MomentColumn("Signed", orderable=False)
    content_hash = Column("Content signed", orderable=False)

    def render_content_hash(self, value: str) -> str:
        return short_hash(value)


class SignedCopyTable(Table):
    """The signatures of a return that were given on paper, each with its copy."""

    caption = "Signed copies"
    act = Column("Signature", orderable=False)
    person_name = Column("Person", orderable=False)
    signed_on = DayColumn("Signed on", orderable=False)
    copy = Column("Signed copy", orderable=False)
    uploaded_by = Column("Uploaded by", orderable=False)
    signed_at = MomentColumn("Uploaded", orderable=False)

    def render_act(self, record: Signature) -> str:
        return record.get_act_display()

    def render_copy(self, record: Signature, value: StoredFile) -> SafeString:
        url = reverse("returns:signed-copy", args=[record.the_return_id, record.act])
        return format_html('<a class="govuk-link" href="{}">{}</a>', url, value.name)


class WorthColumn(Column):
    """A number that is written out already, of whatever unit."""

    numeric = True


class EntryTable(Table):
    """What a figure is made of: dicts with what, url and said."""

    caption = "What it is made of"
    what = Column("What", orderable=False, linkify=lambda record: record["url"] or None)
    said = WorthColumn("Worth", orderable=False)


class ChargeTable(Table):
    """The charges under a figure, each with its entry, where its evidence is."""

    reference = ShortColumn(
        "Charge", accessor="transaction__reference", linkify=("funding:entry", [A("transaction__reference")])
    )
    payee = Column("Supplier or basis", accessor="pk", orderable=False)
    project = Column("Project", accessor="budget_line__project__code")
    heading = Column("Cost heading", accessor="budget_line__heading__name")
    quarter = Column("Recorded in", accessor="quarter__short_label", orderable=False)
    files = CountColumn("Files", orderable=False)
    cost = MoneyColumn("Cost", total=True)

    class Meta:
        order_by = ("reference",)

    @classmethod
    def rows(cls, lines: QuerySet[SpendLine]) -> QuerySet[SpendLine]:
        """The charges with what the table shows of each, in three queries or fewer."""
        files = Evidence.objects.filter(transaction=OuterRef("transaction"), taken_away_at=None).order_by()
        counted = files.values("transaction").annotate(count=Count("pk")).values("count")
        return lines.select_related("transaction", "budget_line__project", "budget_line__heading", "quarter").annotate(
            files=Coalesce(Subquery(counted), 0)
        )

    def render_reference(self, record: SpendLine) -> str:
        return record.reference

    def render_payee(self, record: SpendLine) -> str:
        return payee(record.transaction)

    def value_payee(self, record: SpendLine) -> str:
        return payee(record.transaction)


class FirstChargesTable(ChargeTable):
    """The first of more charges than a page holds: their sum would say nothing."""

    cost = MoneyColumn("Cost")


class RevisionTable(Table):
    """All revisions of a return."""

    caption = "Revisions"
    revision = Column("Revision", orderable=False, linkify=True)
    status = TagColumn("Status", colours={str(key): colour for key, colour in STATUS_COLOURS.items()}, orderable=False)
    revision_reason = Column("Reason", orderable=False)
    certified_at = MomentColumn("Certified", orderable=False)


class DownloadTable(Table):
    """Who took which file of a return."""

    caption = "Files taken"
    empty_text = "No file of this return has been taken yet."
    at = MomentColumn("When", orderable=False)
    by = Column("Person", accessor="by__name", orderable=False)
    file_name = Column("File", orderable=False)
    sha256 = Column("SHA-256", orderable=False)

    def render_sha256(self, value: str) -> str:
        return f"{value[:16]}…"


class TemplateTable(Table):
    """The register of the funder's workbooks."""

    caption = "Templates of the funder"
    empty_text = "No template is registered yet."
    title = Column("Template", linkify=True)
    edition = Column("Edition")
    kind = Column("Filled from", accessor="get_kind_display", orderable=False)
    programme = ShortColumn("Programme", accessor="programme__code")
    valid_from = DayColumn("From")
    valid_to = DayColumn("To")
    created_by = Column("Registered by", accessor="created_by__name")


class SheetTable(Table):
    """The sheets of a template: dicts with name, open_cells, mapped and number."""

    caption = "Sheets"
    name = Column("Sheet", orderable=False)
    open_cells = CountColumn("Cells left open", orderable=False)
    mapped = CountColumn("Entries in the map", orderable=False)


class MappingSheetTable(SheetTable):
    """The same for those who may map them."""

    name = Column("Sheet", orderable=False, linkify=("returns:template-sheet", [A("template"), A("number")]))


class MapTable(Table):
    """The versions of a template's map."""

    caption = "Versions of the map"
    empty_text = "No cell is mapped yet."
    number = Column("Map", orderable=False, linkify=("returns:template-map", [A("the_template_id"), A("number")]))
    made_at = MomentColumn("Made", orderable=False)
    made_by = Column("By", accessor="made_by__name", orderable=False)
    sha256 = Column("SHA-256", orderable=False)

    def render_number(self, value: int) -> str:
        return f"Map {value} (JSON)"

    def render_sha256(self, value: str) -> str:
        return f"{value[:16]}…"


class FittingReturnTable(Table):
    """The returns that a template can be filled from: dicts with reference, status, template and pk."""

    caption = "Try it on a return"
    empty_text = "There is no return yet that this template is for."
    reference = Column("Return", orderable=False, linkify=("returns:template-try", [A("template"), A("pk")]))
    status = Column("Status", orderable=False)


class FilledCellTable(Table):
    """Each cell that is filled."""

    caption = "Cells"
    sheet = Column("Sheet", orderable=False)
    cell = ShortColumn("Cell", orderable=False)
    near = Column("Words near it", orderable=False)
    label = Column("Figure", orderable=False)
    before = Column("In the template", orderable=False)
    after = Column("Filled with", orderable=False)
    note = Column("Note", orderable=False)


class FormulaCellTable(Table):
    """The funder's formulas that rest on filled cells."""

    caption = "The funder’s formulas that rest on these cells"
    empty_text = "No formula of the funder’s rests on these cells."
    sheet = Column("Sheet", orderable=False)
    cell = ShortColumn("Cell", orderable=False)
    before = Column("In the template", orderable=False)
    after = Column("Worked out", orderable=False, empty_values=())

    def render_after(self, value: str | None) -> str:
        return "Unchecked: worked out when the file is opened" if value is None else value


class PartTable(Table):
    """What became of each part of the file: dicts with part and words."""

    caption = "The file compared with the template"
    part = Column("Part", orderable=False)
    words = Column("What became of it", orderable=False)
