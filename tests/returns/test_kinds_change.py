"""A change request: a larger virement or a re-profile of the grant, as it is put to the funder."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from core.problems import Refused
from funding import moving
from funding.budgeting import profiles_of, set_budget
from funding.models import BudgetVersion, VirementProposal
from funding.positions import version_in_force
from returns import certifying, readiness, sending
from returns.content import Content
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from tests.factories import person
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

pytestmark = pytest.mark.django_db
D = Decimal
CHANGE = KINDS["change"]
KEYS = ("before", "change", "after")


def proposed(scene: Scene) -> VirementProposal:
    """£15,000 of The Change Hub's third and fourth quarter go to mentoring; £10,000 is the threshold."""
    hub, mentoring = scene.money.line("CHB"), scene.money.line("GDM")
    moves = {}
    for code, amount in (("2023-24-Q3", "9000.00"), ("2023-24-Q4", "6000.00")):
        moves[hub, scene.quarter(code)] = -D(amount)
        moves[mentoring, scene.quarter(code)] = D(amount)
    return moving.propose(
        source=scene.money.grant, year=hub.year, moves=moves, reason="More young people than planned",
        by=scene.finance, funder_reference="HO-17",
    )  # fmt: skip


def scope(scene: Scene, reference: str) -> Scope:
    # Made in July, and so of the second quarter.
    quarter = scene.quarter("2023-24-Q2")
    return Scope(quarter, quarter, reference)


def content(scene: Scene, reference: str) -> Content:
    return content_of(CHANGE, scope(scene, reference), today=clock.today(), the_return=None)


def row(made: Content, code: str) -> list[object]:
    return [made.figure(f"change/lines/{code}/{column}").value for column in KEYS]


def test_a_quarter_has_one_for_each_larger_virement_that_was_asked_for_in_it(scene: Scene) -> None:
    reference = proposed(scene).reference
    assert CHANGE.scopes(scene.quarter("2023-24-Q2")) == [scope(scene, reference)]
    assert CHANGE.scopes(scene.quarter()) == CHANGE.scopes(scene.quarter("2023-24-Q3")) == []
    assert CHANGE.named(scope(scene, reference)) == f"Change request: {reference}, virement"


def test_it_shows_each_line_before_and_after_and_the_changes_come_to_nought(scene: Scene) -> None:
    made = content(scene, proposed(scene).reference)
    assert row(made, "chb-provider-2023-24-q3") == [D("60000.00"), D("-9000.00"), D("51000.00")]
    assert row(made, "gdm-provider") == [D("80000.00"), D("15000.00"), D("95000.00")]
    assert row(made, "total")[1] == D("0.00")
    assert made.figure("change/key-figures/moved/value").value == D("15000.00")
    assert made.figure("change/key-figures/standing/value").value == "Waiting for approval"
    assert unproved(made, scene.programme) == []


def test_once_it_is_approved_it_shows_the_same_change_and_rests_on_the_new_budget(scene: Scene) -> None:
    proposal = proposed(scene)
    asked = content(scene, proposal.reference)
    moving.approve(proposal=proposal, by=person("finance-officer", "pfcc", number=2))
    made = content(scene, proposal.reference)
    assert str(made.figure("change/key-figures/standing/value").value).startswith("Approved on 5 July 2023")
    for code in ("chb-provider-2023-24-q3", "gdm-provider", "total"):
        assert row(made, code) == row(asked, code)
    assert made.figure("change/lines/gdm-provider-2023-24-q3/after").trace == (
        "version:GRANT/2023-24#2/GDM/provider@2023-24-Q3",
    )
    assert unproved(made, scene.programme) == []


def test_a_re_profile_is_put_forward_too(scene: Scene) -> None:
    line, year = scene.money.line("SIS"), scene.programme.years.get(code="2023-24")
    profiles = profiles_of(version_in_force(scene.money.grant, year, clock.today()))  # type: ignore[arg-type]
    profiles[line, scene.quarter("2023-24-Q2")] -= D("20000.00")
    profiles[line, scene.quarter("2023-24-Q4")] += D("20000.00")
    set_budget(
        source=scene.money.grant, year=year, kind=BudgetVersion.Kind.REPROFILE, profiles=profiles,
        effective_on=clock.today(), reason="The pilot starts in the autumn", by=scene.finance,
    )  # fmt: skip
    made = content(scene, "GRANT-2023-24-v2")
    assert row(made, "sis-provider-2023-24-q2") == [D("50000.00"), D("-20000.00"), D("30000.00")]
    assert row(made, "sis-provider") == [D("100000.00"), D("0.00"), D("100000.00")]
    assert unproved(made, scene.programme) == []


def test_one_that_is_turned_down_is_not_put_forward_and_one_begun_before_cannot_be_issued(scene: Scene) -> None:
    proposal, other = proposed(scene), person("finance-officer", "pfcc", number=2)
    begun = certifying.open_return(kind="change", scope=scope(scene, proposal.reference), by=scene.commissioning)
    left = proposed(scene)
    for asked in (proposal, left):
        moving.turn_down(proposal=asked, reason="The hub needs it", by=other)
    assert [found.subject for found in CHANGE.scopes(scene.quarter("2023-24-Q2"))] == [proposal.reference]
    [item] = readiness.readiness("change", scope(scene, proposal.reference), clock.today())
    assert (item.code, item.weight) == ("turned-down", "blocking")
    with pytest.raises(Refused, match="turned down: The hub needs it"):
        certifying.prepare(the_return=begun, by=scene.commissioning)


@pytest.mark.usefixtures("quick_pdf")
def test_it_is_issued_while_the_quarter_is_open_and_then_goes_to_the_funder(scene: Scene) -> None:
    asked = scope(scene, proposed(scene).reference)
    made = certifying.open_return(kind="change", scope=asked, by=scene.finance)
    made = certifying.prepare(the_return=made, by=scene.finance)
    with pytest.raises(Refused, match="commissioning officer"):
        certifying.certify(the_return=made, by=scene.finance)
    with clock.at(date(2023, 7, 6)):
        made = certifying.certify(the_return=made, by=scene.commissioning)
    assert sending.standing_with_funder(made) == "Not sent yet"
