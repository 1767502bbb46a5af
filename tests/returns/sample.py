"""A claim and a performance return as large and awkward as real ones; every organisation's figure is invented."""

from datetime import UTC, date, datetime
from decimal import Decimal

from returns.content import (
    Cell,
    Chart,
    Column,
    Content,
    Definition,
    Narrative,
    Section,
    SignatureAsked,
    SignatureGiven,
    Stamp,
    Table,
    ThresholdUsed,
    content_hash,
    file_name,
    make_fact,
    make_row,
    make_total,
    slug,
)

PROJECTS = (
    ("TCH", "The Change Hub"),
    ("SIS", "Specialist Intervention Service (stalking pilot)"),
    ("PIPA", "Project PIPA: first-time entrants, prevention and intervention"),
    ("GOOD", "Goodman"),
    ("SIST", "Sisters in Strength"),
    ("REFL", "Reflect campaign"),
    ("EVAL", "Independent evaluation"),
    ("VICT", "Victim and children’s support services"),
    ("PROG", "Programme management"),
)
QUARTERS = ("2023-24 Q1", "2023-24 Q2", "2023-24 Q3", "2023-24 Q4", "2024-25 Q1", "2024-25 Q2", "2024-25 Q3")
STATEMENT = (
    "I certify that, to the best of my knowledge, the expenditure was incurred on eligible purposes in the period, "
    "is supported by records, excludes recoverable VAT and in-kind contributions, has not been claimed from another "
    "source, and agrees with the accounting records."
)


def money(pence: int) -> Decimal:
    return Decimal(pence).scaleb(-2)


def expenditure(kind: str = "claim") -> Section:
    """Nine projects by fourteen columns, with a credit that is larger than the year's budget."""
    names = (
        "Original approved budget", "Approved changes", "Current budget", "Profile this quarter",
        "Actual this quarter", "Of which accrued", "Variance this quarter", "Profile to date", "Actual to date",
        "Variance to date", "Full-year forecast outturn", "Committed", "Claimable to date", "This claim",
    )  # fmt: skip
    columns = (
        Column("project", "Project"),
        *(Column(slug(name), name, "money", total=True) for name in names),
    )
    rows = []
    for number, (code, name) in enumerate(PROJECTS, start=1):
        base = 5_612_345 * number % 19_000_017
        values: list[Cell] = [
            Cell(money((base * (at + 3) + at * 77_701) // 9 % 61_234_567), trace=(f"line:{code}-{at:02}",))
            for at in range(len(names))
        ]
        if code == "EVAL":
            values[4] = Cell(money(-123_456_789), trace=("line:EVAL-credit",))
        if code == "VICT":
            values[4] = Cell(money(1_240_000), "e", ("line:VICT-01", "line:VICT-02"))
            values[5] = Cell(money(1_240_000), "e", ("line:VICT-02",))
        if code == "PROG":
            values[10] = Cell(None, "x")
        rows.append(make_row(kind, "expenditure", slug(code), columns, [name, *values]))
    table = Table(
        "Expenditure by project against the Home Office grant, 2024-25",
        columns,
        (*rows, make_total(kind, "expenditure", "total", columns, rows, "Total")),
    )
    return Section(
        "expenditure",
        "Expenditure by project",
        ("Grant only. Match funding is shown by funder in its own section.",),
        table,
        sheet="Expenditure",
    )


def summary(kind: str = "claim") -> Section:
    columns = (
        Column("project", "Project"),
        Column("budget", "Budget", "money", total=True),
        Column("actual", "Actual", "money", total=True),
        Column("variance", "Variance", "money", total=True),
        Column("rate", "Variance as % of budget", "percent"),
        Column("rag", "Rating"),
        Column("reason", "Explanation"),
    )
    groups = (PROJECTS[:4], PROJECTS[4:])
    lines, everything = [], []
    for at, group in enumerate(groups, start=1):
        rows = []
        for number, (code, name) in enumerate(group, start=1):
            budget, actual = money(2_500_000 * number), money(2_500_000 * number - 412_345 * (3 - number) * at)
            rate = ((actual - budget) / budget * 100).quantize(Decimal("0.1"))
            reason = None
            if number == 1:
                reason = (
                    "Recruitment of two case managers slipped from May to August; the post-sessional "
                    "counter-terrorism-style vetting arrangements took longer than antici­pated."
                )
            rows.append(
                make_row(
                    kind, "summary", slug(code), columns,
                    [name, budget, Cell(actual, "r" if number == 2 else "", (f"line:{code}",)), actual - budget, rate,
                     ("Green", "Amber/Green", "Amber", "Red")[number % 4], reason],
                )
            )  # fmt: skip
        title = ("Delivery with perpetrators", "Everything else")[at - 1]
        lines += [*rows, make_total(kind, "summary", f"subtotal-{at}", columns, rows, f"Subtotal: {title}", "subtotal")]
        everything += rows
    note = make_row(
        kind, "summary", "accrued", columns, ["of which accrued", None, money(1_240_000), *[None] * 4], "note"
    )
    return Section(
        "summary",
        "Summary by project",
        ("Variance is actual less budget. Each variance above the threshold has an explanation.",),
        Table(
            "Budget, actual and variance by project, this quarter",
            columns,
            (*lines, make_total(kind, "summary", "total", columns, everything, "Total"), note),
        ),
        chart=Chart("Budget and actual by project", "bar", ("budget", "actual")),
    )


def trend(kind: str = "claim") -> Section:
    columns = (
        Column("source", "Source"),
        *(Column(slug(name), name, "money") for name in QUARTERS),
    )
    rows = []
    for number, name in enumerate(("Profile", "Actual")):
        values: list[Cell] = [Cell(money(9_000_000 + 1_234_567 * (at + number))) for at in range(len(QUARTERS))]
        if number:
            values[3] = Cell(None, "x")
            values[4] = Cell(money(-2_000_000))
        rows.append(make_row(kind, "profile", slug(name), columns, [name, *values]))
    return Section(
        "profile",
        "Quarterly profile",
        table=Table("Profile and actual by quarter", columns, tuple(rows)),
        chart=Chart("Profile and actual by quarter", "line", tuple(slug(q) for q in QUARTERS), series="rows"),
    )


def claim() -> Content:
    """The quarterly financial return: key figures, tables narrow and wide, an empty one, narrative."""
    kind = "claim"
    key_figures = Section(
        "key-figures",
        "Key figures",
        facts=(
            make_fact(kind, "key-figures", "to-date", "Eligible to date, 2024-25", money(10_000_000), "money"),
            make_fact(kind, "key-figures", "before", "Certified before", money(4_800_000), "money"),
            make_fact(
                kind, "key-figures", "this-claim", "Grant claimed this quarter", money(5_200_000), "money",
                trace=("claim:DAPF-2023-25:2024-25-Q3",),
            ),
            make_fact(kind, "key-figures", "thurrock", "Thurrock Council match", None, "money", "not declared"),
            make_fact(kind, "key-figures", "due", "Due to the Home Office", date(2025, 1, 29), "date"),
        ),
    )  # fmt: skip
    accruals = Section(
        "accruals",
        "Accruals",
        table=Table(
            "Accruals in this claim", (Column("supplier", "Supplier"), Column("amount", "Amount", "money", True)),
            empty="Nil: no accrual stands in this claim.",
        ),
    )  # fmt: skip
    words = Section(
        "narrative",
        "Commentary",
        narrative=(
            Narrative(
                "progress",
                "Progress this quarter",
                "The Change Hub took 41 referrals, against a profile of 36.\n\n=SUM(A1:A9) is what the provider typed "
                "into the box; it is kept as text. <b>Nor is this bold</b> & it should not be.\n\n" + _paragraph(60),
            ),
            Narrative("risks", "Risks", "- staff turnover\n- the evaluation’s ethics approval"),
            Narrative("next", "Next quarter", ""),
        ),
    )
    return Content(
        kind=kind,
        title="Quarterly financial monitoring return and claim",
        reference="DAPF-2023-25-claim-2024-25-Q3-r1",
        programme="Domestic Abuse Perpetrator Fund, 1 April 2023 to 31 March 2025 (DAPF-2023-25)",
        recipient="Police, Fire and Crime Commissioner for Essex",
        period="Q3 2024/25 (Oct to Dec 2024)",
        revision=1,
        sections=(key_figures, words, summary(), trend(), expenditure(), accruals),
        signatures_asked=(
            SignatureAsked("Prepared by", "Finance officer, PFCC", "I prepared this return from the records."),
            SignatureAsked("Checked by", "Commissioning officer", "I checked this return against the agreements."),
            SignatureAsked("Certified by", "Chief Finance Officer, PFCC", STATEMENT),
        ),
        definitions=(
            Definition(
                "Claimable", "Spend that is recorded, falls within its contract and meets the grant’s terms.", "2"
            ),
            Definition("Committed", "Value of contracts in force, less what has been charged to them."),
        ),
        notes=("2023-24 and 2024-25 are ring-fenced: no cost of one year is charged to the other’s award.",),
        thresholds=(ThresholdUsed("Variance that needs an explanation", "10% and £500.00"),),
        marking="OFFICIAL-SENSITIVE",
        illustrative=True,
    )


def performance() -> Content:
    """The performance return: mixed units, states in words, long measures."""
    kind = "performance"
    columns = (
        Column("code", "Code"),
        Column("kpi", "Measure"),
        Column("target", "Target", "mixed"),
        Column("value", "This quarter", "mixed"),
        Column("to-date", "Year to date", "mixed"),
        Column("rating", "Rating"),
        Column("comment", "Comment"),
    )
    given = (
        ("CHB-01", "Referrals received", 36, 41, 118, "Green", "Above profile since the single front door opened."),
        ("CHB-02", "Referrals accepted, and waiting to start", 30, Cell(28, "late"), 84, "Amber", None),
        ("CHB-14", "Programme completers as a share of starters", Cell(Decimal("60.0"), unit="percent"),
         Cell(Decimal("57.14"), "e", unit="percent"), Cell(None, "too early", unit="percent"), "Amber/Red", None),
        ("SIS-05", "Median days from referral to first contact", Cell(Decimal("10"), unit="scaled"),
         Cell(Decimal("8.5"), unit="scaled"), Cell(None, "z", unit="scaled"), "Green", None),
        ("GDM-02", "Children safeguarded through partner work", 5, Cell(None, "c", unit="count"),
         Cell(None, "c", unit="count"), "Not rated", None),
        ("PIPA-03", "Sessions delivered to first-time entrants", 12, Cell(None, "missing", unit="count"),
         Cell(24, "p"), "Not rated", "The provider has been reminded."),
    )  # fmt: skip
    rows = tuple(
        make_row(kind, "kpis", slug(str(line[0])), columns, line)  # type: ignore[arg-type]
        for line in given
    )
    return Content(
        kind=kind,
        title="Quarterly performance return",
        reference="DAPF-2023-25-performance-2024-25-Q3-r1",
        programme="Domestic Abuse Perpetrator Fund, 1 April 2023 to 31 March 2025 (DAPF-2023-25)",
        recipient="Police, Fire and Crime Commissioner for Essex",
        period="Q3 2024/25 (Oct to Dec 2024)",
        revision=1,
        sections=(Section("kpis", "Measures", table=Table("Measures against target", columns, rows, headings=2)),),
        signatures_asked=(SignatureAsked("Signed by", "Commissioning officer", "I signed this return."),),
        definitions=(Definition("CHB-01", "People referred in the quarter, by date of receipt.", "1"),),
        illustrative=True,
    )


def draft(content: Content) -> Stamp:
    return Stamp(
        final=False,
        generated_at=datetime(2025, 4, 9, 13, 5, tzinfo=UTC),
        content_hash=content_hash(content),
        workbook_name=file_name(content, final=False, suffix="xlsx"),
        document_name=file_name(content, final=False, suffix="pdf"),
        date_note="System date 9 April 2025",
    )


def final(content: Content) -> Stamp:
    """The stamp once everybody asked has signed, by role titles only."""
    stamp = draft(content)
    signed = tuple(
        SignatureGiven(
            asked.capacity, asked.asked_of, asked.asked_of.split(",")[0], content.recipient,
            datetime(2025, 1, 27 + at, 9, 30, tzinfo=UTC), asked.statement, stamp.content_hash,
        )
        for at, asked in enumerate(content.signatures_asked)
    )  # fmt: skip
    return Stamp(
        final=True,
        generated_at=stamp.generated_at,
        content_hash=stamp.content_hash,
        signatures=signed,
        workbook_name=file_name(content, final=True, suffix="xlsx"),
        document_name=file_name(content, final=True, suffix="pdf"),
        date_note=stamp.date_note,
    )


def _paragraph(sentences: int) -> str:
    return " ".join(
        f"Sentence {number} tells what was done in week {number % 13 + 1} and what it will change."
        for number in range(sentences)
    )
