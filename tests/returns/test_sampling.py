"""An auditor's sample: the same rule and seed draw the same lines; each line has a result; finished, it stays."""

import io
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from board.models import Event, User
from core.problems import Refused
from funding.models import ClaimLine
from returns import sampling
from returns.kinds.scope import Scope
from returns.models import Sample, SampleLine
from returns.sampling import Population, choose
from tests.factories import person
from tests.returns.scenes import Scene

D = Decimal
pennies = st.integers(-5_000_00, 5_000_00).map(lambda number: D(number).scaleb(-2))


def population(costs: list[Decimal]) -> Population:
    return Population(tuple((at, f"T-{at:06}/1", cost) for at, cost in enumerate(costs)))


@given(
    costs=st.lists(pennies, max_size=40), over=st.none() | pennies.map(abs), at_random=st.integers(0, 50),
    seed=st.text(max_size=20),
)  # fmt: skip
def test_every_line_above_the_amount_is_drawn_and_so_many_of_the_others(
    costs: list[Decimal], over: Decimal | None, at_random: int, seed: str
) -> None:
    drawn = choose(population(costs), over=over, at_random=at_random, seed=seed)
    above = {at for at, cost in enumerate(costs) if over is not None and abs(cost) > over}
    assert {row.claim_line for row in drawn if row.why == "over"} == above
    assert len([row for row in drawn if row.why == "random"]) == min(at_random, len(costs) - len(above))
    assert len({row.claim_line for row in drawn}) == len(drawn)
    assert drawn == choose(population(costs), over=over, at_random=at_random, seed=seed)


@given(costs=st.lists(pennies, min_size=8, max_size=20), fewer=st.integers(1, 4), seed=st.text(max_size=20))
def test_a_larger_random_draw_with_the_same_seed_holds_the_smaller_one(
    costs: list[Decimal], fewer: int, seed: str
) -> None:
    small = choose(population(costs), over=None, at_random=fewer, seed=seed)
    large = choose(population(costs), over=None, at_random=fewer + 3, seed=seed)
    assert large[: len(small)] == small


def test_the_draw_is_the_same_on_every_machine() -> None:
    costs = [D(at) for at in range(10)]
    drawn = choose(population(costs), over=D("7.00"), at_random=3, seed="audit-1")
    assert [row.reference for row in drawn] == [
        "T-000008/1", "T-000009/1", "T-000007/1", "T-000006/1", "T-000000/1",
    ]  # fmt: skip


def test_a_penny_or_a_line_more_is_another_population() -> None:
    first = population([D("1.00"), D("2.00")])
    assert first.sha256 == population([D("1.00"), D("2.00")]).sha256
    assert len({first.sha256, population([D("1.00"), D("2.01")]).sha256, population([D("1.00")]).sha256}) == 3


def span(scene: Scene) -> Scope:
    return Scope(scene.quarter(), scene.quarter())


def drawn(scene: Scene, by: User | None = None, **more: object) -> Sample:
    rule = {"purpose": "Interim audit", "over": D("10000.00"), "at_random": 1, "seed": "seed-1"}
    return sampling.draw(scope=span(scene), by=by or scene.auditor, **{**rule, **more})


def record(scene: Scene, line: SampleLine, result: str = "agreed", **more: object) -> SampleLine:
    return sampling.record(sample_line=line, result=result, by=scene.auditor, **more)  # type: ignore[arg-type]


def finished(scene: Scene, sample: Sample) -> Sample:
    for line in sample.lines.filter(result=""):
        record(scene, line)
    return sampling.finish(sample=sample, conclusion="Nothing to report.", by=scene.auditor)


def words(refused: object) -> list[str]:
    return [problem.message for problem in refused.value.problems]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("quick_pdf")
class TestOfAClaim:
    def test_it_records_what_it_was_drawn_from_and_each_line_at_what_it_was_claimed(self, scene: Scene) -> None:
        scene.certified()
        sample = drawn(scene)
        claimed = ClaimLine.objects.filter(in_force=True)
        assert sample.population_lines == claimed.count()
        assert sample.population_total == sum(row.cost for row in claimed)
        above = [row for row in claimed if abs(row.cost) > D("10000.00")]
        assert sample.lines.filter(why="over").count() == len(above) > 0
        assert sample.lines.filter(why="random").count() == 1
        assert all(
            line.cost == line.claim_line.cost and line.line == line.claim_line.line for line in sample.lines.all()
        )
        [event] = Event.objects.filter(act="sample.draw")
        assert "seed seed-1" in event.words and sample.population_hash in event.words

    def test_without_a_seed_one_is_made_and_kept(self, scene: Scene) -> None:
        scene.certified()
        first, second = drawn(scene, seed=""), drawn(scene, seed="", purpose="Another")
        assert len(first.seed) == 16 and first.seed != second.seed

    def test_a_double_click_draws_once(self, scene: Scene) -> None:
        scene.certified()
        first = drawn(scene)
        assert drawn(scene, once=first.once) == first

    def test_a_rule_that_draws_nothing_is_refused_in_words(self, scene: Scene) -> None:
        with pytest.raises(Refused) as refused:
            drawn(scene)
        assert words(refused) == ["No line of this span is in a certified claim. Choose another."]
        scene.certified()
        with pytest.raises(Refused) as refused:
            drawn(scene, over=None, at_random=0)
        assert words(refused) == ["Say above which amount every line is taken, how many are taken at random, or both."]
        with pytest.raises(Refused) as refused:
            drawn(scene, over=D("900000.00"), at_random=0)
        assert words(refused) == ["No line is above £900,000.00. Give a lower amount, or how many to take at random."]
        assert not Sample.objects.exists()

    def test_only_auditors_draw_and_record(self, scene: Scene) -> None:
        scene.certified()
        sample = drawn(scene)
        for user in (scene.finance, scene.cfo, scene.commissioning, scene.money.council_finance):
            with pytest.raises(Refused, match="An auditor of the programme draws samples"):
                drawn(scene, by=user)
            with pytest.raises(Refused, match="An auditor of the programme records results"):
                sampling.record(sample_line=sample.lines.first(), result="agreed", by=user)

    def test_a_note_has_words_and_an_exception_its_amount(self, scene: Scene) -> None:
        scene.certified()
        line = drawn(scene).lines.first()
        for result, more, said in (
            ("noted", {}, "Say what was found."),
            ("exception", {"words": "Twice"}, "Give the amount by which the claim is wrong"),
            ("exception", {"words": "Twice", "exception": D("900000.00")}, "cannot be wrong by more"),
            ("agreed", {"exception": D("1.00")}, "Only an exception has an amount"),
        ):
            with pytest.raises(Refused, match=said):
                record(scene, line, result, **more)
        record(scene, line, "exception", words="Claimed twice", exception=D("250.00"))
        line.refresh_from_db()
        assert (line.result, line.exception) == ("exception", D("250.00"))

    def test_what_it_covers_and_what_is_wrong_add_up(self, scene: Scene) -> None:
        scene.certified()
        sample = drawn(scene)
        first, *rest = sample.lines.order_by("number")
        record(scene, first, "exception", words="Half of it is another year’s", exception=D("120.00"))
        found = sampling.coverage_of(sample)
        assert (found.lines, found.done, found.exceptions, found.wrong) == (1 + len(rest), 1, 1, D("120.00"))
        assert found.total == sum(line.cost for line in sample.lines.all())
        assert found.rate == (D("120.00") / found.total * 100).quantize(D("0.1"))

    def test_it_is_finished_once_each_line_has_its_result_and_changes_no_more(self, scene: Scene) -> None:
        scene.certified()
        sample = drawn(scene)
        with pytest.raises(Refused) as refused:
            sampling.finish(sample=sample, conclusion=" ", by=scene.auditor)
        left = sample.lines.count()
        assert words(refused) == [
            f"{left} lines have no result yet. Record each before you finish.", "Write the conclusion.",
        ]  # fmt: skip
        finished(scene, sample)
        with pytest.raises(Refused, match="is finished and changes no more"):
            record(scene, sample.lines.first(), "noted", words="Later")

    def test_two_auditors_do_not_record_over_each_other(self, scene: Scene) -> None:
        scene.certified()
        line = drawn(scene).lines.first()
        record(scene, line, "noted", words="One", seen_version=1)
        with pytest.raises(Refused, match="changed"):
            record(scene, line, "agreed", seen_version=1)

    def test_it_says_when_the_claims_have_changed_since(self, scene: Scene) -> None:
        scene.certified()
        sample = drawn(scene)
        assert sampling.stands(sample)
        ClaimLine.objects.filter(pk=sample.lines.first().claim_line_id).update(in_force=False)
        assert not sampling.stands(sample)

    def test_officers_see_it_once_it_is_finished_and_others_never(self, scene: Scene) -> None:
        scene.certified()
        sample = drawn(scene)

        def sees(user: User) -> bool:
            return Sample.objects.visible_to(user).filter(pk=sample.pk).exists()

        officers = (scene.finance, scene.commissioning, scene.cfo)
        assert sees(scene.auditor) and not any(map(sees, officers))
        finished(scene, sample)
        assert all(map(sees, officers))
        strangers = (scene.money.council_finance, person("kpi-reporter", "change"), person("board-member", "setdab"))
        assert not any(map(sees, strangers))

    def test_the_table_refuses_an_exception_without_its_amount(self, scene: Scene) -> None:
        scene.certified()
        rows = SampleLine.objects.filter(pk=drawn(scene).lines.first().pk)
        for wrong in (
            {"result": "exception", "words": "x"},
            {"result": "noted"},
            {"result": "exception", "words": "x", "exception": D("999999.00")},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**wrong)

    def test_the_pages_lead_from_the_draw_to_the_end(self, scene: Scene, client: Client) -> None:
        the_return = scene.certified()
        client.force_login(scene.auditor)
        rule = {"span": "DAPF-2023-25/2023-24-Q1", "purpose": "Interim audit", "over": "10,000", "at_random": "1"}
        answer = client.post(reverse("returns:sample-draw"), {**rule, "seed": "s", "once": ""})
        assert answer.status_code == 302, answer.content.decode()
        sample = Sample.objects.get()
        for line in sample.lines.all():
            url = reverse("returns:sample-line", args=[sample.reference, line.number])
            shown = client.get(url).content.decode()
            assert line.line.transaction.reference in shown and the_return.reference in shown
            for signer in (scene.finance, scene.commissioning, scene.cfo):
                assert signer.name in shown
            given_back = client.post(url, {"result": "agreed", "exception": "", "words": "", "version": "1"})
            assert given_back.status_code == 302
        assert given_back["Location"] == sample.get_absolute_url()
        done = client.post(
            reverse("returns:sample-finish", args=[sample.reference]), {"conclusion": "All agreed.", "version": "1"}
        )
        assert done.status_code == 302
        client.force_login(scene.finance)
        assert "All agreed." in client.get(sample.get_absolute_url()).content.decode()
        assert client.get(reverse("returns:sample-draw")).status_code == 403

    def test_a_refused_result_keeps_what_was_typed(self, scene: Scene, client: Client) -> None:
        scene.certified()
        sample = drawn(scene)
        client.force_login(scene.auditor)
        url = reverse("returns:sample-line", args=[sample.reference, 1])
        shown = client.post(url, {"result": "exception", "exception": "", "words": "Typed words", "version": "1"})
        assert "Typed words" in shown.content.decode()
        assert "Give the amount by which the claim is wrong" in shown.content.decode()

    def test_a_result_that_somebody_else_changed_is_shown_and_may_then_be_saved_over(
        self, scene: Scene, client: Client
    ) -> None:
        scene.certified()
        sample = drawn(scene)
        record(scene, sample.lines.get(number=1), "noted", words="Theirs")
        client.force_login(scene.auditor)
        url = reverse("returns:sample-line", args=[sample.reference, 1])
        mine = {"result": "noted", "exception": "", "words": "Mine", "version": "1"}
        shown = client.post(url, mine).content.decode()
        assert "Somebody else changed this" in shown and "Theirs" in shown and "Mine" in shown
        assert 'name="version" value="2"' in shown
        assert client.post(url, {**mine, "version": "2"}).status_code == 302
        assert sample.lines.get(number=1).words == "Mine"

    def test_its_workbook_says_what_its_page_says_and_taking_it_is_on_record(
        self, scene: Scene, client: Client
    ) -> None:
        scene.certified()
        sample = finished(scene, drawn(scene))
        client.force_login(scene.cfo)
        answer = client.get(reverse("returns:sample-file", args=[sample.reference]))
        book = load_workbook(io.BytesIO(answer.content))
        said = {row[0].value: row[1].value for row in book["Sample"].iter_rows(min_row=1, max_col=2)}
        assert said["Seed"] == "seed-1" and said["Conclusion"] == "Nothing to report."
        claimed = [row[5].value for row in book["Lines"].iter_rows() if str(row[1].value).startswith("T-")]
        assert [D(str(value)).quantize(D("0.01")) for value in claimed] == [
            line.cost for line in sample.lines.order_by("number")
        ]
        assert Event.objects.filter(act="sample.download", by=scene.cfo).count() == 1
