"""What both files print around the figures."""

from dataclasses import replace

from returns.notes import legend, provenance, rounding, signature_blocks
from tests.returns.sample import claim, draft, final, performance


def test_a_signature_not_given_yet_names_whom_it_is_asked_of():
    blocks = signature_blocks(claim(), draft(claim()))
    assert [block.capacity for block in blocks] == ["Prepared by", "Checked by", "Certified by"]
    assert not any(block.given for block in blocks)
    assert blocks[2].details == [("Asked of", "Chief Finance Officer, PFCC"), ("Signed", "Not yet")]


def test_a_signature_over_an_earlier_content_is_shown_as_one_that_no_longer_holds():
    content = claim()
    stamp = final(content)
    stale = replace(stamp.signatures[0], content_hash="0" * 64)
    blocks = signature_blocks(content, replace(stamp, final=False, signatures=(stale, stamp.signatures[1])))
    warned = [any(label == "Warning" for label, _ in block.details) for block in blocks]
    assert warned == [True, False, False]


def test_a_signature_that_was_not_asked_for_is_printed_after_the_others():
    content = claim()
    stamp = final(content)
    extra = replace(stamp.signatures[0], capacity="Countersigned by", note="Signed copy held")
    block = signature_blocks(content, replace(stamp, signatures=(*stamp.signatures, extra)))[-1]
    assert block.capacity == "Countersigned by"
    assert ("Note", "Signed copy held") in block.details


def test_money_is_explained_only_where_there_is_money():
    assert any("pounds" in words for words in rounding(claim()))
    assert not any("pounds" in words for words in rounding(performance()))


def test_the_legend_shows_states_as_they_are_printed():
    assert legend(["e", "not declared"])[0][0] == "[e]"
    assert legend(["e", "not declared"])[1][0] == "Not declared"


def test_the_date_of_a_demonstration_is_told_and_left_out_in_service():
    assert ("System date", "9 April 2025") in provenance(claim(), draft(claim()))
    assert "System date" not in dict(provenance(claim(), replace(draft(claim()), date_note="")))
