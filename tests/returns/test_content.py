"""The frozen content: stable keys, totals that foot, bytes that come back, a hash over what is said and no more."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns.content import (
    HIDING,
    STATES,
    Cell,
    Chart,
    Column,
    Content,
    Fact,
    Figure,
    Narrative,
    Row,
    Section,
    Table,
    canonical_json,
    chart_data,
    check_stamp,
    clean,
    content_hash,
    differences,
    figure_words,
    file_name,
    from_json,
    make_fact,
    make_row,
    make_total,
    moment_words,
    short_hash,
    slug,
)
from tests.returns.sample import claim, draft, final, performance

KEY = "claim/summary/tch/actual"
COLUMNS = (Column("project", "Project"), Column("actual", "Actual", "money", total=True))


def rows(*amounts: Decimal | Cell) -> list[Row]:
    return [make_row("claim", "s", f"r{n}", COLUMNS, [f"Row {n}", amount]) for n, amount in enumerate(amounts)]


def with_figure(content: Content, key: str, changed: Figure) -> Content:
    """The content with one fact exchanged."""
    sections = tuple(
        replace(s, facts=tuple(replace(f, figure=changed) if f.figure.key == key else f for f in s.facts))
        for s in content.sections
    )
    return replace(content, sections=sections)


# Figures


@pytest.mark.parametrize("key", ["claim/summary/tch", "claim/Summary/tch/actual", "a/b/c/d/e", "a/b/c_d/e", "a/b//d"])
def test_a_key_has_four_parts_in_lower_case_slugs(key):
    with pytest.raises(ValueError, match="is not a key"):
        Figure(key, 1, "count")


def test_no_key_is_stated_twice():
    section = Section("s", "S", facts=(make_fact("claim", "s", "a", "A", 1, "count"),) * 2)
    with pytest.raises(ValueError, match="claim/s/a/value: stated twice"):
        replace(claim(), sections=(section,))


def test_a_key_names_the_section_row_and_column_where_it_stands():
    stray = make_fact("claim", "elsewhere", "a", "A", 1, "count")
    with pytest.raises(ValueError, match="stands in section claim/s"):
        replace(claim(), sections=(Section("s", "S", facts=(stray,)),))
    wrong = Row("other", rows(Decimal(1))[0].cells)
    with pytest.raises(ValueError, match="does not name its row other"):
        Table("T", COLUMNS, (wrong,))


@pytest.mark.parametrize(
    ("value", "unit"),
    [(1.5, "money"), (True, "count"), (Decimal("1.0"), "count"), ("12", "money"), (1, "text"),
     (datetime(2025, 4, 9, tzinfo=UTC), "date"), (Decimal("NaN"), "scaled"), (Decimal("0.005"), "money")],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(value, unit):
    with pytest.raises(ValueError, match=KEY):
        Figure(KEY, value, unit)


def test_nothing_is_left_blank_without_a_reason():
    with pytest.raises(ValueError, match="no state that says why"):
        Figure(KEY, None, "money")
    with pytest.raises(ValueError, match="empty text"):
        Figure(KEY, "  \n", "text")
    with pytest.raises(ValueError, match="may not stand beside"):
        Figure(KEY, Decimal(3), "money", "c")


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (Figure(KEY, Decimal("-1234.5"), "money", "e"), "−£1,234.50 [e]"),
        (Figure(KEY, 0, "money"), "£0.00"),
        (Figure(KEY, 12040, "count", "late"), "12,040 (late)"),
        (Figure(KEY, Decimal("-0.0"), "percent"), "0.0%"),
        (Figure(KEY, Decimal("-57.14"), "percent", "p"), "−57.14% [p]"),
        (Figure(KEY, Decimal("1E+3"), "scaled"), "1,000"),
        (Figure(KEY, date(2024, 2, 29), "date"), "29 February 2024"),
        (Figure(KEY, None, "money", "not declared"), "Not declared"),
        (Figure(KEY, None, "count", "c"), "[c]"),
        (Figure(KEY, 0, "count", "nil"), "0 (nil)"),
    ],
)
def test_a_figure_is_read_as_it_is_printed(figure, words):
    assert figure_words(figure) == words


def test_text_is_cleaned_once_so_that_the_same_words_give_the_same_hash():
    assert clean("Cafe\u0301 \r\nnext\x0bline\x00 \u00adsoft\ud800 ") == "Café\nnext\nline soft"
    narrative = Narrative("a", "A", "one\r\n\r\ntwo  ")
    assert narrative.text == "one\n\ntwo"
    assert narrative.paragraphs == ["one", "two"]
    assert Narrative("a", "A", "").paragraphs == ["Nothing was written."]


# Tables


def test_a_total_that_is_not_the_sum_of_its_rows_is_refused():
    wrong = make_row("claim", "s", "total", COLUMNS, ["Total", Decimal("3.01")], "total")
    with pytest.raises(ValueError, match=r"claim/s/total/actual: says 3\.01 but its rows add up to 3\.00"):
        Table("T", COLUMNS, (*rows(Decimal(1), Decimal(2)), wrong))


def test_a_subtotal_adds_the_rows_since_the_last_and_a_total_all_of_them():
    one, two, three = rows(Decimal(1), Decimal(2), Decimal(4))
    note = make_row("claim", "s", "note", COLUMNS, ["of which accrued", Decimal(9)], "note")
    table = Table(
        "T",
        COLUMNS,
        (
            one, two, make_total("claim", "s", "sub-1", COLUMNS, [one, two], "Sub", "subtotal"), note,
            three, make_total("claim", "s", "sub-2", COLUMNS, [three], "Sub", "subtotal"),
            make_total("claim", "s", "total", COLUMNS, [one, two, three], "Total"),
        ),
    )  # fmt: skip
    assert [figure_words(row.cells[1]) for row in table.rows if row.kind != "row"] == [
        "£3.00", "£9.00", "£4.00", "£7.00",
    ]  # fmt: skip
    assert table.adds(5) == [4]
    assert table.adds(6) == [0, 1, 4]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(Decimal(2), "e"), "£3.00 [e]"),
        (Cell(None, "missing"), "£1.00 [p]"),
        (Cell(None, "not declared"), "£1.00 [p]"),
        (Cell(None, "z"), "£1.00"),
        (Cell(None, "c"), "[c]"),
        (Cell(Decimal(2), "r"), "£3.00"),
    ],
)
def test_a_total_carries_the_doubt_of_its_parts_and_hides_what_would_betray_one(cell, words):
    total = make_total("claim", "s", "total", COLUMNS, rows(Decimal(1), cell), "Total")
    assert figure_words(total.cells[1]) == words


def test_a_rate_is_never_added_up():
    with pytest.raises(ValueError, match="never added up"):
        Column("rate", "Rate", "percent", total=True)


def test_a_mixed_column_asks_for_a_unit_where_the_type_does_not_tell():
    columns = (Column("kpi", "Measure"), Column("value", "Value", "mixed"))
    row = make_row("claim", "s", "a", columns, ["Starts", 41])
    assert row.cells[1].unit == "count"
    with pytest.raises(ValueError, match="say its unit"):
        make_row("claim", "s", "a", columns, ["Share", Decimal("57.1")])


def test_a_section_holds_one_table_since_a_sheet_does():
    fact = make_fact("claim", "s", "a", "A", 1, "count")
    with pytest.raises(ValueError, match="one of table, facts and narrative"):
        Section("s", "S", facts=(fact,), narrative=(Narrative("n", "N", "x"),))


def test_a_chart_shows_only_what_its_table_says():
    table = Table("T", COLUMNS, tuple(rows(Decimal(1), Cell(None, "c"))))
    with pytest.raises(ValueError, match="not in its table: forecast"):
        Section("s", "S", table=table, chart=Chart("C", "bar", ("forecast",)))
    drawn = chart_data(Section("s", "S", table=table, chart=Chart("C", "bar", ("actual",))))
    assert drawn.axis == ("Row 0", "Row 1")
    assert drawn.values == ((Decimal("1.00"), None),)
    assert drawn.words == (("£1.00", "[c]"),)
    turned = chart_data(Section("s", "S", table=table, chart=Chart("C", "line", ("actual",), series="rows")))
    assert (turned.axis, turned.labels) == (("Actual",), ("Row 0", "Row 1"))


# Bytes and hash


@pytest.mark.parametrize("make", [claim, performance])
def test_a_content_comes_back_from_its_bytes_exactly(make):
    content = make()
    again = from_json(canonical_json(content))
    assert again == content
    assert canonical_json(again) == canonical_json(content)


def test_the_bytes_are_sorted_and_readable():
    written = canonical_json(claim()).decode()
    assert written.startswith('{"definitions":[{"term":"Claimable"')
    assert '"value":"-1234567.89"' in written
    assert "children’s" in written
    assert '"value":"2025-01-29"' in written


def test_a_number_is_written_with_the_places_that_it_was_stated_with():
    facts = (
        make_fact("claim", "s", "a", "A", Decimal("10.1"), "money"),
        make_fact("claim", "s", "b", "B", Decimal("8.50"), "scaled"),
        make_fact("claim", "s", "c", "C", Decimal("12345678901234567.80"), "scaled"),
    )
    content = replace(claim(), sections=(Section("s", "S", facts=facts),))
    written = canonical_json(content).decode()
    assert all(f'"value":"{number}"' in written for number in ("10.10", "8.50", "12345678901234567.80"))
    assert str(from_json(written.encode()).figure("claim/s/b/value").value) == "8.50"


def test_content_of_another_format_is_refused():
    with pytest.raises(ValueError, match="written in format 2"):
        from_json(canonical_json(claim()).replace(b'"format":1', b'"format":2'))


decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
figures = st.one_of(
    st.tuples(st.just("money"), decimals),
    st.tuples(st.just("count"), st.integers(-(10**6), 10**6)),
    st.tuples(st.just("scaled"), st.decimals(min_value=-999, max_value=999, places=3)),
    st.tuples(st.just("percent"), st.decimals(min_value=-999, max_value=999, places=1)),
    st.tuples(st.just("text"), st.text(min_size=1).filter(lambda text: clean(text))),
    st.tuples(st.just("date"), st.dates()),
)


@given(figures, st.sampled_from(["", *[state for state in STATES if state not in HIDING]]), st.lists(st.text()))
def test_any_figure_comes_back_from_the_bytes(unit_and_value, state, trace):
    unit, value = unit_and_value
    fact = Fact("F", Figure("claim/s/a/value", value, unit, state, tuple(clean(part) for part in trace)))
    content = replace(claim(), sections=(Section("s", "S", facts=(fact,)),))
    assert from_json(canonical_json(content)) == content


@given(decimals, decimals)
def test_two_amounts_have_one_hash_only_if_they_are_equal(first, second):
    key = "claim/key-figures/this-claim/value"
    one, two = (with_figure(claim(), key, Figure(key, amount, "money")) for amount in (first, second))
    assert (content_hash(one) == content_hash(two)) == (first == second)


def test_the_hash_covers_figures_narrative_notes_traces_and_definitions():
    content = claim()
    key = "claim/key-figures/before/value"
    changed = [
        with_figure(content, key, Figure(key, Decimal("48000.01"), "money")),
        with_figure(content, key, Figure(key, Decimal("48000.00"), "money", "r")),
        with_figure(content, key, Figure(key, Decimal("48000.00"), "money", "", ("line:1",))),
        replace(content, notes=("Other.",)),
        replace(content, definitions=(replace(content.definitions[0], version="3"), content.definitions[1])),
        replace(content, thresholds=(replace(content.thresholds[0], value="5%"),)),
        replace(content, revision=2),
        replace(content, signatures_asked=content.signatures_asked[:2]),
        replace(
            content,
            sections=tuple(
                replace(s, narrative=(Narrative("progress", "Progress", "Other."),)) if s.narrative else s
                for s in content.sections
            ),
        ),
    ]
    hashes = {content_hash(each) for each in [content, *changed]}
    assert len(hashes) == len(changed) + 1


def test_the_hash_knows_nothing_of_status_signatures_and_times():
    content = claim()
    assert draft(content).content_hash == final(content).content_hash == content_hash(content)


def test_a_hash_is_shown_short_in_fours():
    assert short_hash("0123456789abcdef" * 4) == "0123 4567 89ab cdef"


# Stamps


def test_a_stamp_of_another_content_is_refused():
    with pytest.raises(ValueError, match="the hash of another content"):
        check_stamp(replace(claim(), revision=2), draft(claim()))


def test_a_final_needs_every_signature_over_this_very_content():
    content = claim()
    stamp = final(content)
    check_stamp(content, stamp)
    with pytest.raises(ValueError, match="the signature is missing of: Certified by"):
        check_stamp(content, replace(stamp, signatures=stamp.signatures[:2]))
    stale = replace(stamp.signatures[0], content_hash="0" * 64)
    with pytest.raises(ValueError, match="given for another content"):
        check_stamp(content, replace(stamp, signatures=(stale, *stamp.signatures[1:])))


def test_a_draft_says_so_in_its_name():
    assert file_name(claim(), final=False, suffix="xlsx") == "DAPF-2023-25-claim-2024-25-Q3-r1-draft.xlsx"
    odd = replace(claim(), reference="../R1 / Ünter: 2024")
    assert file_name(odd, final=True, suffix=".pdf") == "R1-nter-2024.pdf"


def test_moments_are_told_in_the_time_of_the_place():
    assert moment_words(datetime(2025, 3, 30, 0, 59, tzinfo=UTC)) == "30 March 2025, 00:59 GMT"
    assert moment_words(datetime(2025, 3, 30, 1, 0, tzinfo=UTC)) == "30 March 2025, 02:00 BST"


def test_slugs_are_made_of_any_words_and_never_empty():
    assert slug("CHB-01  Çounted, twice!") == "chb-01-counted-twice"
    with pytest.raises(ValueError, match="no letter or figure"):
        slug("–")


# Revisions


def test_a_revision_lists_what_changed_by_stable_key():
    old = claim()
    key = "claim/key-figures/before/value"
    new = with_figure(old, key, Figure(key, Decimal("47000.00"), "money", "r"))
    key_figures = replace(
        new.sections[0],
        facts=(
            *(f for f in new.sections[0].facts if f.figure.key != "claim/key-figures/due/value"),
            make_fact("claim", "key-figures", "new", "New", 1, "count"),
        ),
    )
    narrative = replace(new.sections[1], narrative=(*new.sections[1].narrative[:2], Narrative("next", "Next", "Soon.")))
    new = replace(new, sections=(key_figures, narrative, *new.sections[2:]), notes=())
    found = {(each.key, each.change, each.before, each.after) for each in differences(old, new)}
    assert found == {
        (key, "changed", "£48,000.00", "£47,000.00 [r]"),
        ("claim/key-figures/due/value", "removed", "29 January 2025", ""),
        ("claim/key-figures/new/value", "added", "", "1"),
        ("claim/narrative/next/text", "changed", "", "Soon."),
        ("claim/notes/note-1/words", "removed", old.notes[0], ""),
    }


def test_a_row_put_in_at_the_top_is_one_row_of_differences_and_a_new_trace_is_told():
    def content(*lines: Row) -> Content:
        return replace(claim(), sections=(Section("s", "S", table=Table("T", COLUMNS, lines)),))

    one, two = rows(Decimal(1), Decimal(2))
    added = make_row("claim", "s", "new", COLUMNS, ["New", Decimal(5)])
    found = differences(content(one, two), content(added, one, two))
    assert {each.key for each in found} == {"claim/s/new/project", "claim/s/new/actual"}
    assert found[1].where == "S: New: Actual"
    traced = make_row("claim", "s", "r1", COLUMNS, ["Row 1", Cell(Decimal(2), trace=("line:9",))])
    assert [(e.key, e.change) for e in differences(content(one, two), content(one, traced))] == [
        ("claim/s/r1/actual", "sources")
    ]


def test_nothing_changed_is_an_empty_list():
    assert differences(claim(), claim()) == []
