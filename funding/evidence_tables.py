"""The tables of evidence: what proves an entry, and which entries nothing proves."""

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_tables2 import A

from board.models import Organisation
from core.tables import Column, DayColumn, MomentColumn, MoneyColumn, ShortColumn, Table
from funding.models import Evidence, Transaction
from funding.tables import UnderColumn


class FileColumn(Column):
    """The file's name as a link to it, with its kind and size under it; no link once it is taken away."""

    def render(self, record: Evidence, value: Any) -> SafeString:
        under = f"{record.file.get_kind_display()}, {filesizeformat(record.file.size)}"
        name = format_html("{}", value)
        if not record.is_taken_away:
            url = reverse("funding:evidence-file", args=[record.reference])
            name = format_html('<a class="govuk-link" href="{}">{}</a>', url, value)
        return format_html('{}<br><span class="app-none">{}</span>', name, under)


class EvidenceTable(Table):
    """What proves one entry. `may_change` offers what its own officers may do."""

    caption = "Evidence"
    empty_text = "No file is attached."
    reference = ShortColumn("Evidence")
    file = FileColumn("File", accessor="file__name")
    what = Column("What it is")
    by = Column("Attached by", accessor="created_by")
    at = MomentColumn("When", accessor="created_at")
    standing = Column("Standing", accessor="restricted", empty_values=())
    act = Column("Do", accessor="reference", exclude_from_export=True)

    class Meta:
        orderable = False

    def __init__(self, *args: Any, may_change: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, exclude=() if may_change else ("act",), **kwargs)

    def render_standing(self, record: Evidence) -> SafeString:
        if record.is_taken_away:
            tag = format_html('<strong class="govuk-tag govuk-tag--grey">{}</strong>', "Taken away")
            return format_html('{} <span class="app-none">{}</span>', tag, record.taken_away_reason)
        colour, words = ("purple", "Restricted") if record.restricted else ("green", "Attached")
        return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', colour, words)

    def render_act(self, record: Evidence) -> SafeString | str:
        if record.is_taken_away:
            return ""
        acts = [("Take away", "evidence-take-away")]
        if not record.restricted:
            acts.append(("Restrict", "evidence-restrict"))
        links = ((reverse(f"funding:{name}", args=[record.reference]), word, record.reference) for word, name in acts)
        return format_html_join(" ", '<a class="govuk-link" href="{0}" aria-label="{1} {2}">{1}</a>', links)


class UnprovenTable(Table):
    """Entries above the threshold without evidence. `adds_for`: the organisation whose entries the person adds to."""

    caption = "Entries without evidence"
    empty_text = "Every entry above the threshold has its evidence."
    reference = Column("Entry", linkify=("funding:entry", [A("reference")]))
    accounting_on = DayColumn("Accounting date")
    quarter = ShortColumn("Recorded in", accessor="in_quarter", order_by=("in_quarter",))
    supplier_name = UnderColumn("Supplier", under="description", empty_values=())
    document_number = Column("Document")
    recorded_by = Column("Ledger of", accessor="recorded_by__short_name")
    remaining = MoneyColumn("Cost", total=True)
    add = Column("Do", accessor="reference", exclude_from_export=True, orderable=False)

    class Meta:
        order_by = ("-quarter", "-remaining")

    def __init__(self, *args: Any, adds_for: Organisation | None = None, **kwargs: Any) -> None:
        self.adds_for = adds_for
        super().__init__(*args, exclude=() if adds_for else ("add",), **kwargs)

    def render_quarter(self, record: Transaction) -> str:
        return record.lines.all()[0].quarter.short_label

    def value_quarter(self, record: Transaction) -> str:
        return self.render_quarter(record)

    def value_supplier_name(self, record: Transaction) -> str:
        return " · ".join(filter(None, (record.supplier_name, record.description)))

    def render_add(self, record: Transaction) -> SafeString | str:
        if record.recorded_by_id != self.adds_for.pk:
            return ""
        url = reverse("funding:entry-evidence", args=[record.reference])
        return format_html(
            '<a class="govuk-link app-nowrap" href="{}" aria-label="Add evidence to {}">Add evidence</a>', url, record
        )
