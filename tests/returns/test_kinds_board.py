"""The board report: what it says of money, what it hides, who issues it, and that nothing of a supplier's flows in."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from board import clock, rows
from board.models import Event, User
from board.quarters import MONEY, RESULTS
from core.problems import Refused
from kpis.kinds import Profile
from kpis.lines import Shown
from kpis.models import Publication
from kpis.results import performance
from returns import certifying, readiness
from returns.content import Content, figure_words
from returns.kinds import KINDS, board, content_of, costs
from returns.kinds.scope import of_quarter
from returns.models import Download, Return, Risk, Signature
from tests.factories import person
from tests.kpis import scene as results
from tests.returns.scenes import LATE_JULY, Scene
from tests.returns.test_views import page, signed_in
from tests.returns.tracing import unproved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_pdf")]
D = Decimal
SMALL = results.boxes(starts=3) | {"CHB-06.comment": "Fewer people were referred than in other quarters."}


@pytest.fixture
def reported(scene: Scene) -> Scene:
    scene.with_results()
    scene.closed()
    return scene


def content(scene: Scene, the_return: Return | None = None) -> Content:
    """What the report says, each of its numbers proved by its trace."""
    scope = of_quarter(scene.quarter())
    made = content_of(KINDS["board"], scope, today=clock.today(), the_return=the_return)
    assert unproved(made, scope.programme) == []
    return made


def shown(made: Content, key: str) -> str:
    return figure_words(made.figure(f"board/{key}"))


def begun(scene: Scene) -> Return:
    scene.close(RESULTS)
    return scene.open_return("board", by=scene.commissioning)


def issued(scene: Scene, by: User | None = None) -> Return:
    with clock.at(LATE_JULY):
        the_return = begun(scene)
        certifying.prepare(the_return=the_return, by=scene.commissioning)
        return certifying.certify(the_return=the_return, by=by or scene.cfo)


def test_money_is_that_of_the_claim(reported: Scene) -> None:
    made = content(reported)
    claim = content_of(KINDS["claim"], of_quarter(reported.quarter()), today=clock.today(), the_return=None)
    pairs = {
        "award": "award",
        "spent": "actual-to-date",
        "variance": "variance",
        "outturn": "outturn",
    }
    for ours, theirs in pairs.items():
        assert made.figure(f"board/key-figures/{ours}/value").value == (
            claim.figure(f"claim/key-figures/{theirs}/value").value
        )
    for code in ("chb", "sis", "gdm"):
        assert shown(made, f"money/{code}/rating") == figure_words(claim.figure(f"claim/summary/{code}/rating"))


def test_a_claim_is_told_by_where_it_stands(reported: Scene) -> None:
    assert shown(content(reported), "key-figures/claim/value") == "Not certified yet"
    the_return = reported.open_return()
    certifying.prepare(the_return=the_return, by=reported.finance)
    certifying.check(the_return=the_return, by=reported.commissioning)
    with clock.at(LATE_JULY):
        certifying.certify(the_return=the_return, by=reported.cfo)
        assert shown(content(reported), "key-figures/claim/value").endswith("certified on 27 July 2023; not paid yet")


def test_a_measure_stands_with_its_target_and_rating(reported: Scene) -> None:
    made = content(reported)
    found = [shown(made, f"kpis/chb-chb-06/{code}") for code in ("target", "quarter", "year", "rating")]
    assert found == ["80", "18", "18", "Amber"]
    assert shown(made, "key-figures/rated-amber/value") == "1"


def test_a_small_number_is_hidden_with_its_rating_and_its_cost(scene: Scene) -> None:
    duty = scene.asked_for_results()
    results.accepted(duty, figures=SMALL)
    scene.closed()
    made = content(scene)
    assert [shown(made, f"kpis/chb-chb-06/{code}") for code in ("quarter", "year", "rating")] == [
        "[c]",
        "[c]",
        "Hidden",
    ]
    assert [shown(made, f"costs/chb/{code}") for code in ("start-count", "start")] == ["[c]", "[c]"]
    assert made.figure("board/kpis/chb-chb-06/year").trace == ()
    assert SMALL["CHB-06.comment"] not in str(made)
    assert shown(made, "costs/chb/completion") == "£2,883.33"


def test_a_cost_is_the_years_spend_divided_by_the_count_and_rounded_once(reported: Scene) -> None:
    made = content(reported)
    assert shown(made, "costs/chb/start") == "£961.11"
    assert D("17300.00") == made.figure("board/costs/chb/grant").value


@pytest.mark.parametrize(("state", "cost"), [("c", "c"), ("missing", "missing"), ("", "z")])
def test_without_a_count_there_is_no_cost(state: str, cost: str) -> None:
    count = Shown(0 if not state else None, "count", state)
    found = costs.cost_of_one(D("10.00"), count, money=["board/costs/a/grant"], count="board/costs/a/start-count")
    assert (found.value, found.state) == (None, cost)


def test_nothing_that_a_supplier_wrote_or_signed_stands_in_it(reported: Scene) -> None:
    made = str(content(reported))
    assert results.WORDS not in made
    assert str(results.reporter()) not in made


def test_what_is_missing_is_said_in_words(scene: Scene) -> None:
    scene.asked_for_results()
    scene.spend()
    made = content(scene)
    said = [figure_words(row.cells[1]) for row in made.sections[-1].table.rows]  # type: ignore[union-attr]
    assert said[0] == "The Change Hub: The Change Project has not submitted its results of Q1 2023-24."
    assert any("has not declared its spend" in words for words in said)
    assert "The claim of Q1 2023-24 is not certified." in said


def test_results_that_wait_to_be_accepted_stop_it_and_cannot_be_waived(scene: Scene) -> None:
    results.submitted(scene.asked_for_results())
    scope = of_quarter(scene.quarter())
    [item] = [row for row in readiness.readiness("board", scope, clock.today()) if row.code == "provisional"]
    assert item.blocking and not readiness.may_be_waived(item)


def test_results_that_never_came_do_not_stop_it(scene: Scene) -> None:
    scene.asked_for_results()
    scene.closed()
    assert issued(scene).status == Return.Status.CERTIFIED


def test_words_that_may_name_somebody_are_pointed_at(reported: Scene) -> None:
    the_return = begun(reported)
    words = "Our worker Susan Miller was ill."
    certifying.write_commentary(
        the_return=the_return, section="worries", words=words, seen_version=None, by=reported.commissioning
    )
    found = readiness.readiness("board", of_quarter(reported.quarter()), clock.today())
    assert [row.weight for row in found if row.code == "K17"] == ["warning"]
    assert words in str(content(reported, the_return))


def test_a_risk_says_where_it_went_since_the_quarter_began(reported: Scene) -> None:
    made = {"programme": reported.programme, "impact": 4, "mitigation": "Train", "owner_title": "Commissioning officer"}
    first, second = reported.quarter(), reported.quarter("2023-24-Q2")
    with clock.at(first.first_day):
        row = Risk(number=1, title="Too few", likelihood=3, opened_in=first, **made)
        rows.create(row, by=reported.commissioning)
    assert shown(content(reported), "risks/risk-1/trend") == "New"
    before = board._scores_before(second)
    assert board._trend(Risk(pk=row.pk, likelihood=4, impact=4, opened_in=first), before, second) == "Up from 12"
    assert board._trend(Risk(pk=row.pk, likelihood=3, impact=4, opened_in=first), before, second) == "Unchanged"


def test_one_person_issues_it_and_making_it_firm_is_no_signature(reported: Scene) -> None:
    the_return = issued(reported, by=reported.commissioning)
    assert [row.person for row in Signature.objects.filter(the_return=the_return)] == [reported.commissioning]


def test_neither_finance_nor_the_board_issues_it(reported: Scene) -> None:
    with clock.at(LATE_JULY):
        the_return = begun(reported)
        certifying.prepare(the_return=the_return, by=reported.commissioning)
        for other in (reported.finance, person("board-member", "pfcc")):
            with pytest.raises(Refused, match="may issue this return"):
                certifying.certify(the_return=the_return, by=other)


def test_what_it_hid_is_kept_when_it_is_issued(scene: Scene) -> None:
    duty = scene.asked_for_results()
    results.accepted(duty, figures=SMALL)
    scene.closed()
    the_return = issued(scene)
    kept = Publication.objects.get()
    assert (kept.reference, kept.at, kept.quarter) == (
        the_return.reference,
        the_return.certified_at,
        the_return.last_quarter,
    )
    assert ("head", "CHB-06", "2023-24-Q1") in kept.keys_of("CHB")
    assert ("head", "CHB-10", "2023-24-Q1") not in kept.keys_of("CHB")


def test_the_boards_pages_show_the_same_before_and_after_it_is_issued(reported: Scene) -> None:
    before = performance(reported.programme, reported.quarter(), profile=Profile.BOARD)
    issued(reported)
    assert performance(reported.programme, reported.quarter(), profile=Profile.BOARD) == before


# Its readers


@pytest.fixture
def member(reported: Scene) -> User:
    return person("board-member", "pfcc")


def test_a_member_reads_what_was_issued_and_takes_its_files(reported: Scene, member: User) -> None:
    the_return = issued(reported)
    assert reverse("returns:board-report", args=[the_return.pk]) in page(member, reverse("returns:board-reports"))
    shown = page(member, reverse("returns:board-report", args=[the_return.pk]))
    assert "Money by project" in shown and str(reported.cfo) in shown
    answer = signed_in(member).get(reverse("returns:board-file", args=[the_return.pk, "pdf"]))
    assert answer.content == bytes(the_return.documents.get(format="pdf").data)
    assert Download.objects.get().by == member
    assert Event.objects.filter(act="return.download", by=member).count() == 1


def test_a_draft_is_nothing_to_a_member(reported: Scene, member: User) -> None:
    the_return = begun(reported)
    certifying.prepare(the_return=the_return, by=reported.commissioning)
    assert not Return.objects.visible_to(member).exists()
    client: Client = signed_in(member)
    assert client.get(reverse("returns:board-report", args=[the_return.pk])).status_code == 404
    assert client.get(reverse("returns:board-file", args=[the_return.pk, "pdf"])).status_code == 404


def test_a_member_opens_no_other_page_of_the_report_and_no_other_return(reported: Scene, member: User) -> None:
    the_return, claim = issued(reported), reported.open_return()
    client = signed_in(member)
    for row in (the_return, claim):
        for name, more in (("return", ()), ("read", ()), ("receipt", ()), ("file", ("pdf",)), ("sign", ("certify",))):
            assert client.get(reverse(f"returns:{name}", args=[row.pk, *more])).status_code == 403, name
    assert client.get(reverse("returns:board-report", args=[claim.pk])).status_code == 404
    assert client.get(reverse("returns:board-file", args=[the_return.pk, "json"])).status_code == 404
    shown = client.get(reverse("returns:board-report", args=[the_return.pk])).content.decode()
    shown = shown[shown.index("<main") :]
    for other in ("/results/", "/spend/", f"/returns/{the_return.pk}/", "result:", "line:"):
        assert other not in shown, other


def test_a_replaced_report_stays_with_those_who_had_it(reported: Scene, member: User) -> None:
    first = issued(reported)
    with clock.at(LATE_JULY):
        again = certifying.revise(the_return=first, reason="A heading was wrong", by=reported.commissioning)
        certifying.prepare(the_return=again, by=reported.commissioning)
        certifying.certify(the_return=again, by=reported.cfo)
    assert "A later revision has taken the place" in page(member, reverse("returns:board-report", args=[first.pk]))
    assert set(Return.objects.visible_to(member)) == {first, again}
    assert Publication.objects.count() == 2


def test_the_money_of_a_quarter_must_be_closed(scene: Scene) -> None:
    scene.with_results()
    found = readiness.readiness("board", of_quarter(scene.quarter()), clock.today())
    assert [row.code for row in found if row.blocking] == ["closed", "closed"]
    assert MONEY in KINDS["board"].closes
