"""The demonstration's statements of 2023-24: what each match funder signed, and the use of the year's grant."""

from datetime import date, timedelta
from decimal import Decimal

from board import clock, rows
from board.models import Programme, Quarter
from config.demo.budgets import KEEPERS, People, line_of
from funding import claims, moving
from returns import certifying, packing, queries, sampling, sending
from returns.kinds import KINDS
from returns.models import Dispatch, FunderQuery, Return

# After the closing period is closed, and before the year's final claim rests on them.
MADE_ON, SIGNED_ON = date(2024, 8, 5), date(2024, 8, 7)
# When the final claim is paid.
USED_ON = date(2024, 9, 20)
# When Southend is asked for its statement of the third quarter of 2024-25.
ASKED_ON = date(2025, 1, 30)
# When the contract is reviewed, and when a larger virement is asked for.
REVIEWED_ON = date(2025, 2, 12)
CHANGE_ON = date(2025, 3, 10)
# When the auditor draws from the claims of 2023-24, and of 2024-25.
SAMPLED_ON, SAMPLED_AGAIN_ON = date(2024, 11, 14), date(2025, 4, 8)
REVIEWED, REVIEWED_OF = "CHB-2023", "2024-25-Q3"
NOTES = "All cash was secured and applied in the year. In-kind is mentoring by the council's own staff."


def sign_match(period: Quarter, people: People) -> None:
    """The annual statement of each match funder, made firm by the recipient and signed by the funder."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(pk=period.pk)
    maker = people["finance.pfcc"]
    for scope in KINDS["match"].scopes(quarter):
        with clock.at(MADE_ON, 11):
            row = certifying.open_return(kind="match", scope=scope, by=maker)
            if scope.subject == "ecc":
                certifying.write_commentary(the_return=row, section="notes", words=NOTES, seen_version=None, by=maker)
            row = certifying.prepare(the_return=row, by=maker)
        with clock.at(SIGNED_ON, 15):
            certifying.certify(the_return=row, by=people[KEEPERS[scope.subject]])


USE = {
    "use": "All nine projects ran through the year. The late award slowed the first quarter; the rest ran on plan.",
    "balance": "What the late start left unspent lapses. Nothing is carried and nothing is repaid.",
    "assets": "No asset and no equipment was bought with the grant.",
}


def sign_usage(period: Quarter, people: People) -> None:
    """The year-end statement of the use of the grant, signed as a claim is."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(pk=period.pk)
    [scope] = KINDS["usage"].scopes(quarter)
    officer = people["finance.pfcc"]
    with clock.at(USED_ON, 10):
        row = certifying.open_return(kind="usage", scope=scope, by=officer)
        for section, words in USE.items():
            certifying.write_commentary(the_return=row, section=section, words=words, seen_version=None, by=officer)
        row = certifying.prepare(the_return=row, by=officer)
    with clock.at(USED_ON, 14):
        row = certifying.check(the_return=row, by=people["commissioning.1"])
    with clock.at(USED_ON, 16):
        row = certifying.certify(the_return=row, by=people["cfo"])
    with clock.at(USED_ON, 17):
        sending.send(the_return=row, sent_on=USED_ON, way=Dispatch.Way.EMAIL, funder_reference="", by=officer)


def ask_to_sign(quarter: Quarter, people: People) -> None:
    """A quarterly statement that waits for its funder's officer."""
    found = KINDS["match"].scopes(Quarter.objects.select_related("programme__recipient", "year").get(pk=quarter.pk))
    [scope] = [row for row in found if row.subject == "southend"]
    with clock.at(ASKED_ON, 9):
        row = certifying.open_return(kind="match", scope=scope, by=people["finance.pfcc"])
        certifying.prepare(the_return=row, by=people["finance.pfcc"])


def sign_partner(period: Quarter, people: People) -> None:
    """Essex County Council's annual statement of expenditure; the other partners have still to be asked."""
    quarter = Quarter.objects.select_related("programme__recipient", "year").get(pk=period.pk)
    [scope] = [row for row in KINDS["partner"].scopes(quarter) if row.subject == "ecc"]
    with clock.at(USED_ON, 11):
        row = certifying.open_return(kind="partner", scope=scope, by=people["finance.pfcc"])
        row = certifying.prepare(the_return=row, by=people["finance.pfcc"])
    with clock.at(USED_ON, 15):
        certifying.certify(the_return=row, by=people["cfo.ecc"])


ASSESSMENT = "Groups run to plan, and every target is met so far. Referrals rise faster than groups can take them."
TO_DISCUSS = "Why people leave before the end of a group, and whether two more groups can run in March."


def issue_pack(programme: Programme, people: People) -> None:
    """The review pack of one contract, before it is talked about with its supplier."""
    officer = people["commissioning.1"]
    quarter = programme.quarters.select_related("programme__recipient", "year").get(code=REVIEWED_OF)
    [scope] = [row for row in KINDS["contract"].scopes(quarter) if row.subject == REVIEWED]
    with clock.at(REVIEWED_ON, 9):
        row = certifying.open_return(kind="contract", scope=scope, by=officer)
        for section, words in (("assessment", ASSESSMENT), ("to-discuss", TO_DISCUSS)):
            certifying.write_commentary(the_return=row, section=section, words=words, seen_version=None, by=officer)
        row = certifying.prepare(the_return=row, by=officer)
        certifying.certify(the_return=row, by=officer)


def ask_for_change(programme: Programme, people: People) -> None:
    """A virement above the threshold: put to the funder, and waiting for its second person here."""
    grant, year = claims.grant_of(programme.pk), programme.years.get(code="2024-25")
    last = programme.quarters.select_related("programme__recipient", "year").get(code="2024-25-Q4")
    given_up = {("EVL", "evaluation"): Decimal("8000.00"), ("VIC", "grants"): Decimal("4000.00")}
    taken = line_of(grant, "CHB", "provider", year)
    with clock.at(CHANGE_ON, 10):
        moves = {(taken, last): sum(given_up.values(), Decimal())}
        for (project, heading), amount in given_up.items():
            line = line_of(grant, project, heading, year)
            commitment = line.commitments.get()
            commitment.amount -= amount
            rows.change(commitment, by=people["finance.pfcc"])
            moves[line, last] = -amount
        asked = moving.propose(
            source=grant,
            year=year,
            moves=moves,
            reason="The last report of the evaluation comes after the programme; more groups run than planned",
            by=people["finance.pfcc"],
            funder_reference="HO/DAPF/2025/031",
        )
    officer = people["commissioning.1"]
    with clock.at(CHANGE_ON, 14):
        [scope] = [row for row in KINDS["change"].scopes(last) if row.subject == asked.reference]
        row = certifying.open_return(kind="change", scope=scope, by=officer)
        for section, words in (("case", CASE), ("effect", EFFECT)):
            certifying.write_commentary(the_return=row, section=section, words=words, seen_version=None, by=officer)
        row = certifying.prepare(the_return=row, by=officer)
        row = certifying.certify(the_return=row, by=officer)
        sending.send(the_return=row, sent_on=CHANGE_ON, way=Dispatch.Way.EMAIL, funder_reference="", by=officer)


CASE = "The evaluation's last report and part of the support for linked victims are not needed before the end of March."
EFFECT = "Two more groups of The Change Hub run in March. No target is lowered."


def ask(the_return: Return, day: date, question: str, people: People) -> FunderQuery:
    """The funder's grant manager asks about a return that was sent, and wants the answer in a fortnight."""
    with clock.at(day, 11):
        return queries.record(
            dispatch=the_return.dispatches.get(), asked_on=day, asked_by_title="Grant manager", question=question,
            due_on=day + timedelta(days=14), by=people["commissioning.1"],
        )  # fmt: skip


def draw_sample(programme: Programme, people: People) -> None:
    """The auditor's sample of 2023-24, looked at and finished; one of 2024-25 is in work."""
    rows = list(programme.quarters.select_related("programme__recipient", "year"))
    spans = {scope.code: scope for scope in packing.spans_of(rows)}
    auditor = people["auditor"]
    with clock.at(SAMPLED_ON, 10):
        done = sampling.draw(
            scope=spans["2023-24"], purpose="Audit of 2023-24", over=Decimal("15000.00"), at_random=5, seed="2023-24",
            by=auditor,
        )  # fmt: skip
        noted = done.lines.order_by("number").last()
        for line in done.lines.all():
            if line == noted:
                words = "The invoice names the whole quarter; the supplier's statement shows the month."
                sampling.record(sample_line=line, result="noted", words=words, by=auditor)
            else:
                sampling.record(sample_line=line, result="agreed", by=auditor)
        sampling.finish(sample=done, conclusion="The lines looked at agree with their evidence.", by=auditor)
    with clock.at(SAMPLED_AGAIN_ON, 10):
        sampling.draw(
            scope=spans["2024-25"], purpose="Interim audit of 2024-25", over=Decimal("15000.00"), at_random=5,
            seed="2024-25", by=auditor,
        )  # fmt: skip
