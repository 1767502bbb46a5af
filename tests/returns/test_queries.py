"""Questions of the funder on what was sent: recorded, answered, ended in one of three ways; the return stays."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from board import clock
from board.files import store
from board.models import Event, User
from core.problems import Refused
from funding import claims
from funding.models import SpendLine
from returns import queries
from returns.due import due
from returns.models import Dispatch, FunderQuery, Return
from returns.sending import accept, may_accept, send, standing_in_list, standing_with_funder, take_back
from tests.factories import person
from tests.returns.scenes import Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")
SENT, ASKED, DUE, ANSWERED, LATER = (date(2023, 7, 28), *(date(2023, 8, day) for day in (3, 10, 8, 14)))
Outcome = FunderQuery.Outcome


class Asked:
    """The first quarter's claim is sent; the funder asks about it."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.the_return = scene, scene.certified()
        with clock.at(LATER):
            self.dispatch = send(
                the_return=self.the_return, sent_on=SENT, way=Dispatch.Way.PORTAL, by=scene.commissioning
            )
        self.query = self.ask()

    def ask(self, **given: object) -> FunderQuery:
        about = {
            "asked_on": ASKED, "asked_by_title": "Grant manager", "question": "Why is the pilot under its profile?",
            "due_on": DUE,
        }  # fmt: skip
        with clock.at(LATER):
            return queries.record(dispatch=self.dispatch, by=self.scene.finance, **{**about, **given})

    def answer(self, words: str = "The award letter came in May.", **given: object) -> FunderQuery:
        with clock.at(LATER):
            return queries.answer(
                query=self.query, answered_on=ANSWERED, words=words, by=self.scene.commissioning, **given
            )

    def end(self, outcome: str, **given: object) -> FunderQuery:
        with clock.at(LATER):
            return queries.end(query=self.query, outcome=outcome, ended_on=LATER, by=self.scene.finance, **given)

    def disallow(self) -> str:
        line = SpendLine.objects.filter(claim_lines__in_force=True).order_by("pk").first()
        with clock.at(LATER):
            made = claims.disallow(
                source=self.scene.money.grant, amounts={line: line.cost}, disallowed_on=ANSWERED,
                funder_reference="HO-D1", reason="Outside the grant's purpose", by=self.scene.finance,
            )  # fmt: skip
        return made.reference

    def accept(self) -> Dispatch:
        with clock.at(LATER):
            return accept(dispatch=self.dispatch, accepted_on=LATER, by=self.scene.finance)


@pytest.fixture
def asked(scene: Scene) -> Asked:
    return Asked(scene)


def refused(call: object, **given: object) -> list[str]:
    with pytest.raises(Refused) as found:
        call(**given)  # type: ignore[operator]
    return [problem.message for problem in found.value.problems]


def test_it_is_asked_answered_and_the_figures_stand_while_the_return_stays_what_was_signed(asked: Asked) -> None:
    before = Return.objects.values().get(pk=asked.the_return.pk)
    assert standing_with_funder(asked.the_return) == "Queried on 3 August 2023"
    asked.answer()
    assert asked.end(Outcome.STANDS).standing_words == "Answered: the figures stand"
    assert standing_with_funder(asked.the_return) == "Sent on 28 July 2023"
    asked.accept()
    assert Return.objects.values().get(pk=asked.the_return.pk) == before
    acts = Event.objects.filter(act__startswith="return.query").order_by("pk").values_list("act", "words")
    assert list(acts) == [
        ("return.query", "FQ-000001: Why is the pilot under its profile?"),
        ("return.query-answer", "FQ-000001: The award letter came in May."),
        ("return.query-end", "FQ-000001: Answered: the figures stand"),
    ]


def test_lists_say_the_same_as_the_page_of_the_return(asked: Asked) -> None:
    [row] = Return.objects.with_dispatch().filter(pk=asked.the_return.pk)
    assert standing_in_list(row) == "Queried on 3 August 2023"


def test_what_is_queried_or_sent_back_is_not_accepted(asked: Asked) -> None:
    assert not may_accept(asked.the_return, asked.scene.finance)
    assert refused(asked.accept) == ["FQ-000001 is open. Record how the funder's question ended first."]
    asked.end(Outcome.REVISION, words="Say more about the pilot.")
    assert refused(asked.accept) == ["The funder sent it back (FQ-000001). Revise it, and send the revision."]
    assert standing_with_funder(asked.the_return) == "Sent back on 14 August 2023"


def test_figures_stand_only_once_the_question_is_answered(asked: Asked) -> None:
    assert refused(asked.end, outcome=Outcome.STANDS) == ["Record the answer first: the figures stand because of it."]


def test_cost_is_disallowed_by_naming_what_was_recorded_with_the_claim(asked: Asked) -> None:
    assert refused(asked.end, outcome=Outcome.DISALLOWED) == [
        "Record the disallowance with the claim first, then choose it here."
    ]
    reference = asked.disallow()
    assert refused(asked.end, outcome=Outcome.DISALLOWED, disallowance="D-999999") == [
        f"Choose what was disallowed of this claim: {reference}."
    ]
    assert asked.end(Outcome.DISALLOWED, disallowance=reference).disallowance == reference


def test_all_that_is_wrong_with_a_question_is_said_at_once(asked: Asked) -> None:
    found = refused(asked.ask, asked_on=date(2023, 7, 1), due_on=date(2023, 6, 1))
    assert found == [
        "It was sent on 28 July 2023. Give that day or a later one.",
        "The answer is due on the day of the question or later.",
    ]
    assert refused(asked.ask, asked_on=date(2023, 9, 1), due_on=date(2023, 9, 2)) == ["Give today or an earlier day."]


def test_an_answer_has_words_and_comes_after_the_question(asked: Asked) -> None:
    with clock.at(LATER):
        found = refused(
            queries.answer, query=asked.query, answered_on=date(2023, 8, 1), words=" ", by=asked.scene.finance
        )
    assert found == ["It was asked on 3 August 2023. Give that day or a later one.", "Write what was answered."]


def test_what_has_ended_is_changed_no_more(asked: Asked) -> None:
    asked.end(Outcome.REVISION)
    words = "FQ-000001 is closed: returned for revision. Open it again to see what was recorded."
    assert refused(asked.answer) == [words]
    assert refused(asked.end, outcome=Outcome.REVISION) == [words]
    assert not queries.may_change(FunderQuery.objects.get(), asked.scene.finance)


def test_two_officers_do_not_answer_over_each_other(asked: Asked) -> None:
    asked.answer()
    with pytest.raises(Refused, match="changed"):
        asked.answer("Another answer", seen_version=asked.query.version)
    assert FunderQuery.objects.get().answer == "The award letter came in May."


def test_a_double_click_records_one_question(asked: Asked) -> None:
    again = asked.ask(once=FunderQuery.objects.get().once)
    assert again.pk == asked.query.pk


def test_a_question_recorded_by_mistake_is_taken_back_and_stays_on_record(asked: Asked) -> None:
    with clock.at(LATER):
        assert refused(take_back, dispatch=asked.dispatch, reason="Wrong", by=asked.scene.finance) == [
            f"The funder asked about {asked.the_return.reference}. Take its questions back first."
        ]
        queries.take_back(query=asked.query, reason="Of another return", by=asked.scene.finance)
        assert standing_with_funder(asked.the_return) == "Sent on 28 July 2023"
        take_back(dispatch=asked.dispatch, reason="Not sent", by=asked.scene.finance)
    assert FunderQuery.objects.get().withdrawn_reason == "Of another return"


def test_only_those_who_deal_with_the_funder_record_it(asked: Asked) -> None:
    asked.answer()
    for user in (asked.scene.cfo, asked.scene.auditor, asked.scene.money.council_finance):
        assert not queries.may_record(asked.the_return, user)
        with clock.at(LATER), pytest.raises(Refused, match="finance officer or commissioning officer"):
            queries.end(query=asked.query, outcome=Outcome.STANDS, ended_on=LATER, by=user)


def test_the_answer_is_among_what_there_is_to_do_until_it_is_given(asked: Asked) -> None:
    def found(user: User) -> list[tuple[str, date | None]]:
        with clock.at(LATER):
            rows = due(user, today=LATER, moment=clock.now())
            return [(row.words, row.due_on) for row in rows if "question" in row.words]

    words = f"Answer the funder’s question about {asked.the_return.reference}"
    assert found(asked.scene.finance) == found(asked.scene.commissioning) == [(words, DUE)]
    assert found(asked.scene.cfo) == []
    asked.answer()
    assert found(asked.scene.finance) == []


def test_the_table_refuses_an_outcome_without_its_day_and_a_disallowance_that_is_none(asked: Asked) -> None:
    rows = FunderQuery.objects.filter(pk=asked.query.pk)
    for wrong in ({"outcome": "revision"}, {"disallowance": "D-1"}, {"answer": "Yes"}, {"due_on": date(2023, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)


def attached(asked: Asked) -> FunderQuery:
    upload = SimpleUploadedFile("answer.csv", b"line,why\n1,late\n")
    with clock.at(LATER):
        kept = store(uploads=[upload], by=asked.scene.finance).files[0]
        assert "F22" in _codes(asked, kept)
        queries.attach(query=asked.query, file=kept, confirmed_no_names=True, by=asked.scene.finance)
        queries.attach(query=asked.query, file=kept, confirmed_no_names=True, by=asked.scene.finance)
    return asked.query


def _codes(asked: Asked, kept: object) -> list[str]:
    with pytest.raises(Refused) as found:
        queries.attach(query=asked.query, file=kept, confirmed_no_names=False, by=asked.scene.finance)  # type: ignore[arg-type]
    return [problem.code for problem in found.value.problems]


def opened(user: User, name: str, *args: object) -> object:
    client = Client()
    client.force_login(user)
    with clock.at(LATER):
        return client.get(reverse(name, args=args))


def test_its_files_are_given_out_to_those_who_see_the_return_and_each_taking_is_on_record(asked: Asked) -> None:
    query = attached(asked)
    [row] = query.files.all()
    at = ("returns:query-file", asked.the_return.pk, query.reference, row.pk)
    answer = opened(asked.scene.auditor, *at)
    assert answer.content == b"line,why\n1,late\n"  # type: ignore[attr-defined]
    assert Event.objects.filter(act="return.query-download", by=asked.scene.auditor).count() == 1
    assert opened(asked.scene.money.council_finance, *at).status_code == 404  # type: ignore[attr-defined]
    assert opened(person("board-member", "setdab"), *at).status_code == 403  # type: ignore[attr-defined]


def test_its_page_shows_it_to_auditors_and_lets_officers_act(asked: Asked) -> None:
    at = ("returns:query", asked.the_return.pk, asked.query.reference)
    seen, acted = (
        opened(user, *at).content.decode()  # type: ignore[attr-defined]
        for user in (asked.scene.auditor, asked.scene.finance)
    )
    assert "Why is the pilot under its profile?" in seen and "Record the answer" not in seen
    assert "Record the answer" in acted
    page = opened(asked.scene.finance, "returns:return", asked.the_return.pk).content.decode()  # type: ignore[attr-defined]
    assert asked.query.get_absolute_url() in page
    assert "Record as accepted" not in page


def posted(asked: Asked, name: str, **given: object) -> object:
    client = Client()
    client.force_login(asked.scene.finance)
    args = [asked.the_return.pk] if name == "query-record" else [asked.the_return.pk, asked.query.reference]
    with clock.at(LATER):
        return client.post(reverse(f"returns:{name}", args=args), given)


def test_the_whole_way_goes_through_the_pages(asked: Asked) -> None:
    made = posted(
        asked, "query-record", asked_on="4 August 2023", asked_by_title="Grant manager", question="And why?",
        due_on="11 August 2023", once="",
    )  # fmt: skip
    assert made.status_code == 302, made.content.decode()  # type: ignore[attr-defined]
    asked.query = FunderQuery.objects.get(question="And why?")
    posted(asked, "query-answer", answered_on="8 August 2023", words="Because.", version=1)
    posted(asked, "query-end", outcome="stands", ended_on="9 August 2023", words="Thank you.", version=2)
    asked.query.refresh_from_db()
    assert (asked.query.outcome, asked.query.outcome_words) == ("stands", "Thank you.")


def test_an_answer_that_somebody_else_gave_is_shown_and_may_then_be_saved_over(asked: Asked) -> None:
    asked.answer("Theirs")
    mine = {"answered_on": "8 August 2023", "words": "Mine", "version": 1}
    shown = posted(asked, "query-answer", **mine).content.decode()  # type: ignore[attr-defined]
    assert "Somebody else changed this" in shown and "Theirs" in shown and "Mine" in shown
    assert posted(asked, "query-answer", **{**mine, "version": 2}).status_code == 302  # type: ignore[attr-defined]
    assert FunderQuery.objects.get().answer == "Mine"


def test_a_refused_end_keeps_what_was_typed(asked: Asked) -> None:
    shown = posted(asked, "query-end", outcome="stands", ended_on="9 August 2023", words="Typed words", version=1)
    assert "Typed words" in shown.content.decode()  # type: ignore[attr-defined]
    assert "Record the answer first" in shown.content.decode()  # type: ignore[attr-defined]
