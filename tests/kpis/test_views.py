"""The pages of results: who opens which, nothing typed is lost, and a list asks as much for two rows as for many."""

from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from board import clock
from board.models import User
from kpis.models import Result, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db
JULY_5 = date(2023, 7, 5)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, name: str, *args: object, day: date = JULY_5, **query: str) -> object:
    with clock.at(day):
        return signed_in(user).get(reverse(f"kpis:{name}", args=args), query)


def post(user: User, name: str, *args: object, data: dict[str, str], day: date = JULY_5) -> object:
    with clock.at(day):
        return signed_in(user).post(reverse(f"kpis:{name}", args=args), data)


def text(response: object) -> str:
    return response.content.decode()


def seen(row: Submission) -> str:
    return str(scene.seen(row))


ROLES = {
    "reporter": ("kpi-reporter", "change"),
    "stranger": ("kpi-reporter", "other"),
    "commissioning": ("commissioning-officer", "pfcc"),
    "cfo": ("cfo", "pfcc"),
    "finance": ("finance-officer", "pfcc"),
    "auditor": ("auditor", "pfcc"),
    "board": ("board-member", "setdab"),
    "administrator": ("administrator", "pfcc"),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("submissions", "reporter stranger commissioning auditor"),
        ("performance", "reporter stranger commissioning cfo finance auditor board"),
        ("open", "commissioning"),
    ],
)
def test_lists_open_for_the_roles_that_need_them(name: str, expected: str) -> None:
    scene.change_hub()
    opened = [role for role, who in ROLES.items() if page(factories.person(*who), name).status_code == 200]
    assert opened == [role for role in ROLES if role in expected.split()]


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("submission", "draft", {"reporter": 200, "commissioning": 200, "auditor": 200, "stranger": 404, "board": 403}),
        ("submit", "draft", {"reporter": 200, "commissioning": 403, "auditor": 403, "stranger": 404, "cfo": 403}),
        ("submit", "submitted", {"reporter": 302, "commissioning": 403, "stranger": 404}),
        ("accept", "submitted", {"commissioning": 200, "reporter": 403, "auditor": 403, "stranger": 403, "cfo": 403}),
        ("query", "submitted", {"commissioning": 200, "reporter": 403, "administrator": 403}),
        ("revise", "accepted", {"commissioning": 200, "reporter": 200, "stranger": 404, "auditor": 403, "board": 403}),
    ],
)
def test_strangers_rows_are_not_found_and_forbidden_acts_are_refused(
    name: str, status: str, expected: dict[str, int]
) -> None:
    row = {"draft": scene.draft, "submitted": scene.submitted, "accepted": scene.accepted}[status](scene.change_hub())
    assert {role: page(factories.person(*ROLES[role]), name, row.pk).status_code for role in expected} == expected


def led_away(user: User, name: str, *args: object, day: date = JULY_5) -> str:
    """What is said on the submission's page to who opens a page that is no longer of use."""
    with clock.at(day):
        answer = signed_in(user).get(reverse(f"kpis:{name}", args=args), follow=True)
    assert answer.redirect_chain == [(reverse("kpis:submission", args=args[:1]), 302)]
    return text(answer)


def test_a_page_that_the_state_has_overtaken_says_what_changed_and_what_to_do() -> None:
    row = scene.submitted(scene.change_hub())
    reporter, officer = scene.reporter(), scene.officer()
    for name, *more in (("fill", "referrals"), ("submit",)):
        shown = led_away(reporter, name, row.pk, *more)
        assert "were submitted on 5 July 2023 by kpi-reporter 1, change" in shown
        assert "ask the commissioning officer to send them back with a query" in shown
    assert "Only accepted results are revised" in led_away(reporter, "revise", row.pk)
    post(officer, "query", row.pk, data={"section": "delivery", "reason": "Too few?", "version": seen(row)})
    assert "when they are submitted again" in led_away(officer, "accept", row.pk)
    asked = row.queries.get()
    post(reporter, "answer", row.pk, asked.pk, data={"words": "No."})
    post(reporter, "submit", row.pk, data={"version": seen(row)})
    assert "no longer queried" in led_away(reporter, "answer", row.pk, asked.pk)
    post(officer, "accept", row.pk, data={"version": seen(row)})
    for name in ("accept", "query"):
        assert "were accepted on 5 July 2023 by commissioning-officer 1" in led_away(officer, name, row.pk)


def test_what_is_typed_into_results_that_a_colleague_has_submitted_stays_on_the_page() -> None:
    row = scene.submitted(scene.change_hub())
    answer = post(scene.reporter(), "fill", row.pk, "referrals", data={"version": seen(row), "CHB-01": "41"})
    assert "were submitted on 5 July 2023" in text(answer)
    assert answer.context["form"]["CHB-01"].value() == "41"


def test_a_revision_is_withdrawn_from_its_page() -> None:
    row = scene.accepted(scene.change_hub())
    post(scene.reporter(), "revise", row.pk, data={"reason": "A late entry"})
    revision = Submission.objects.get(revision=2)
    assert "Withdraw this revision" in text(page(scene.reporter(), "submission", revision.pk))
    data = {"version": seen(revision), "reason": "The wrong quarter"}
    assert post(scene.reporter(), "withdraw", revision.pk, data=data).status_code == 302
    shown = text(page(scene.reporter(), "submission", revision.pk))
    assert "The wrong quarter" in shown
    assert "Revise these" not in shown
    assert "Revise" in text(page(scene.reporter(), "submission", row.pk))


def test_more_time_is_asked_for_and_granted_from_the_pages_and_the_day_moves_everywhere() -> None:
    row = scene.draft(scene.change_hub())
    reporter, officer = scene.reporter(), scene.officer()
    assert "Ask for more time" in text(page(reporter, "submission", row.pk))
    asked = {"until": "21 July 2023", "reason": "The register is being put right."}
    assert post(reporter, "ask-time", row.pk, data=asked).status_code == 302
    request = row.extensions.get()
    assert "not decided yet" in led_away(reporter, "ask-time", row.pk)
    assert "Grant or refuse more time" in text(page(officer, "submission", row.pk))
    shown = text(page(officer, "decide-time", row.pk, request.pk))
    assert "The register is being put right." in shown
    assert page(scene.reporter(), "decide-time", row.pk, request.pk).status_code == 403
    assert page(scene.reporter("other"), "ask-time", row.pk).status_code == 404
    refused = post(officer, "decide-time", row.pk, request.pk, data={"decision": "refuse", "words": ""})
    assert "Say why more time is refused" in text(refused)
    assert post(officer, "decide-time", row.pk, request.pk, data={"decision": "grant", "words": ""}).status_code == 302
    assert "21 July 2023, more time granted; 14 July 2023 before" in text(page(reporter, "submission", row.pk))
    assert "21 July 2023" in text(page(reporter, "submissions"))
    assert "More time was granted already" in led_away(officer, "decide-time", row.pk, request.pk)


def test_who_begins_a_revision_twice_is_led_to_the_first() -> None:
    row = scene.accepted(scene.change_hub())
    assert post(scene.reporter(), "revise", row.pk, data={"reason": "A late entry"}).status_code == 302
    answer = post(scene.officer(), "revise", row.pk, data={"reason": "A late entry"})
    assert "Revision 2 of these results was begun on 5 July 2023 by kpi-reporter 1" in text(answer)
    assert "Go on with that one" in led_away(scene.officer(), "revise", row.pk)


def test_a_section_that_is_not_asked_for_is_not_found() -> None:
    row = scene.draft(scene.change_hub())
    assert page(scene.reporter(), "fill", row.pk, "milestones").status_code == 404
    assert page(scene.reporter(), "fill", row.pk, "referrals").status_code == 200


def test_the_boxes_show_the_definition_and_last_quarters_figure() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    row = scene.draft(duty, "2023-24-Q2")
    shown = text(page(scene.reporter(), "fill", row.pk, "referrals", day=date(2023, 10, 4)))
    assert "Last quarter: 38 in the quarter, 38 in the year, 38 since the programme began" in shown
    assert "People who attended their first intervention session in the quarter." in shown


def test_the_opening_caseload_alone_is_carried_forward() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    row = scene.draft(duty, "2023-24-Q2")
    form = page(scene.reporter(), "fill", row.pk, "caseload", day=date(2023, 10, 4)).context["form"]
    assert (form["CHB-34"].value(), form["CHB-08"].value()) == ("25", None)


def test_a_section_is_saved_and_found_again() -> None:
    row = scene.draft(scene.change_hub())
    boxes = {"version": "1", "CHB-01": "1,038", "CHB-06": "18", "CHB-06.comment": "All of them in June."}
    answer = post(scene.reporter(), "fill", row.pk, "referrals", data=boxes)
    assert answer.status_code == 302
    assert answer.url == reverse("kpis:fill", args=[row.pk, "caseload"])
    form = page(scene.reporter(), "fill", row.pk, "referrals").context["form"]
    assert (form["CHB-01"].value(), form["CHB-06.comment"].value()) == ("1038", "All of them in June.")


def test_save_and_come_back_later_leads_to_the_submission() -> None:
    row = scene.draft(scene.change_hub())
    answer = post(scene.reporter(), "fill", row.pk, "referrals", data={"version": "1", "CHB-01": "38", "leave": "1"})
    assert answer.url == reverse("kpis:submission", args=[row.pk])


def test_what_cannot_be_read_returns_with_every_error_at_its_box_and_nothing_lost() -> None:
    row = scene.draft(scene.change_hub())
    boxes = {"version": "1", "CHB-01": "thirty", "CHB-06": "18.5", "CHB-07.people_quarter": "38"}
    answer = post(scene.reporter(), "fill", row.pk, "referrals", data=boxes)
    shown = text(answer)
    assert answer.status_code == 200
    assert "<title>Error: Referrals and starts" in shown
    for anchor in ("#id_CHB-01", "#id_CHB-06", "#id_CHB-07.people_year"):
        assert f'href="{anchor}"' in shown
    assert 'value="thirty"' in shown
    assert 'value="18.5"' in shown
    assert not Result.objects.exists()


def test_what_somebody_else_changed_meanwhile_is_not_overwritten() -> None:
    row = scene.draft(scene.change_hub())
    post(scene.reporter(), "fill", row.pk, "referrals", data={"version": "1", "CHB-01": "38"})
    answer = post(scene.reporter(), "fill", row.pk, "referrals", data={"version": "1", "CHB-01": "40"})
    assert "this was saved in another window or by a colleague" in text(answer)
    assert Result.objects.get().count == 38


def test_who_saves_over_another_window_sees_both_figures_and_can_save_again() -> None:
    row = scene.draft(scene.change_hub())
    first = {"version": "1", "CHB-01": "38", "CHB-06": "18", "CHB-01.comment": "<b>All</b> in June"}
    post(scene.reporter(), "fill", row.pk, "referrals", data=first)
    second = {"version": "1", "CHB-01": "40", "CHB-06": "", "CHB-01.comment": "Mine"}
    answer = post(scene.reporter(), "fill", row.pk, "referrals", data=second)
    shown, form = text(answer), answer.context["form"]
    assert (form["CHB-01"].value(), form["CHB-06"].value()) == ("40", "18")
    assert "Saved now: 38" in shown
    assert "Saved now: &lt;b&gt;All&lt;/b&gt; in June" in shown
    assert "Saved meanwhile; it was empty on your page." in shown
    again = second | {"version": str(form["version"].value()), "CHB-06": "18"}
    assert post(scene.reporter(), "fill", row.pk, "referrals", data=again).status_code == 302
    assert dict(row.results.values_list("definition__kpi__code", "count")) == {"CHB-01": 40, "CHB-06": 18}


def test_checking_answers_lists_what_is_left_with_links_to_the_boxes() -> None:
    row = scene.draft(scene.change_hub())
    shown = text(page(scene.reporter(), "submit", row.pk))
    assert "Before you can submit" in shown
    assert reverse("kpis:fill", args=[row.pk, "referrals"]) + "#id_CHB-06" in shown


def test_submitting_what_is_not_complete_says_so_and_leaves_the_draft() -> None:
    row = scene.draft(scene.change_hub())
    answer = post(scene.reporter(), "submit", row.pk, data={"version": "1"})
    assert "Put right what is listed below, then submit again." in text(answer)
    row.refresh_from_db()
    assert row.status == Submission.Status.DRAFT


def test_late_results_are_asked_why() -> None:
    row = scene.draft(scene.change_hub())
    late = date(2023, 8, 1)
    assert "Why these results are late" in text(page(scene.reporter(), "submit", row.pk, day=late))
    assert "Say why these results are late" in text(
        post(scene.reporter(), "submit", row.pk, data={"version": "1"}, day=late)
    )
    assert "Why these results are late" not in text(page(scene.reporter(), "submit", row.pk))


def test_the_whole_way_from_boxes_to_acceptance() -> None:
    row = scene.draft(scene.change_hub())
    reporter, officer = scene.reporter(), scene.officer()
    answer = fill_all(row)
    assert answer.url == reverse("kpis:submit", args=[row.pk])
    row.refresh_from_db()
    assert post(reporter, "submit", row.pk, data={"version": str(row.version)}).status_code == 302

    question = {"section": "referrals", "reason": "Is the count of starts complete?", "version": seen(row)}
    assert post(officer, "query", row.pk, data=question).status_code == 302
    asked = row.queries.get()
    assert "Is the count of starts complete?" in text(page(reporter, "submission", row.pk))
    assert "Is the count of starts complete?" in text(page(reporter, "fill", row.pk, "referrals"))
    assert post(reporter, "answer", row.pk, asked.pk, data={"words": "Yes, it is."}).status_code == 302
    row.refresh_from_db()
    assert post(reporter, "submit", row.pk, data={"version": str(row.version)}).status_code == 302
    assert post(officer, "accept", row.pk, data={"version": seen(row)}).status_code == 302
    row.refresh_from_db()
    assert row.status == Submission.Status.ACCEPTED

    answer = post(reporter, "revise", row.pk, data={"reason": "A late entry"})
    assert answer.url == reverse("kpis:submission", args=[Submission.objects.get(revision=2).pk])


def test_the_page_to_accept_shows_every_figure_with_its_comment_and_what_is_worth_a_look() -> None:
    figures = scene.boxes() | {"CHB-34": "21", "CHB-08": "26", "CHB-06.comment": "All of them in June."}
    row = scene.submitted(scene.change_hub(), figures=figures | {"CHB-33a": "Short."})
    shown = text(page(scene.officer(), "accept", row.pk))
    for words in ("120 out of 160", "All of them in June.", "Worth a look", "Readers want 20 to 300", "Southend: 8"):
        assert words in shown
    assert "120 out of 160" in text(page(scene.officer(), "query", row.pk))


def test_figures_that_changed_after_the_officer_saw_them_are_not_accepted_unseen() -> None:
    row = scene.submitted(scene.change_hub())
    reporter, officer, opened = scene.reporter(), scene.officer(), seen(row)
    asked = {"section": "delivery", "reason": "Too few?", "version": opened}
    post(factories.person("commissioning-officer", "pfcc", number=2), "query", row.pk, data=asked)
    post(reporter, "answer", row.pk, row.queries.get().pk, data={"words": "One was left out."})
    changed = {"version": seen(row), "CHB-14.numerator": "131", "CHB-14.denominator": "160"}
    post(reporter, "fill", row.pk, "delivery", data=changed)
    own = "1 figure has been changed since. What was submitted counts until you submit again."
    assert own in text(page(reporter, "submission", row.pk))
    seen_by_officer = text(page(officer, "submission", row.pk))
    assert "120 out of 160" in seen_by_officer and own not in seen_by_officer
    post(reporter, "submit", row.pk, data={"version": seen(row)})

    answer = post(officer, "accept", row.pk, data={"version": opened})
    assert "changed after you opened this page" in text(answer)
    assert "131 out of 160" in text(answer)
    row.refresh_from_db()
    assert row.status == Submission.Status.SUBMITTED
    again = str(answer.context["form"]["version"].value())
    assert post(officer, "accept", row.pk, data={"version": again}).status_code == 302


def test_a_query_without_words_returns_to_its_form() -> None:
    row = scene.submitted(scene.change_hub())
    shown = text(post(scene.officer(), "query", row.pk, data={"section": "", "reason": "", "version": seen(row)}))
    assert "Choose the section that your question is about" in shown
    assert "Say what the supplier should look at" in shown


def test_a_quarter_is_asked_for_from_its_page() -> None:
    duty = scene.change_hub()
    quarter = scene.quarter_of(duty)
    assert post(scene.officer(), "open", data={"quarter": str(quarter.pk)}).status_code == 302
    assert duty.submissions.count() == 1


def closed(row: Submission) -> date:
    """A day after the quarter's results have closed."""
    with clock.at(date(2023, 8, 1)):
        row.quarter.results_closed_at, row.quarter.results_closed_by = clock.now(), scene.officer()
        row.quarter.save()
    return date(2023, 9, 1)


def fill_all(row: Submission, day: date = JULY_5) -> object:
    """Go through the sections; gives the answer to the last one."""
    for section in ("referrals", "caseload", "delivery", "workforce", "narrative"):
        form = page(scene.reporter(), "fill", row.pk, section, day=day).context["form"]
        boxes = {name: text for name, text in scene.boxes().items() if name in form.fields}
        boxes |= {"version": str(form["version"].value())}
        answer = post(scene.reporter(), "fill", row.pk, section, data=boxes, day=day)
        assert answer.status_code == 302, text(answer)
    return answer


def test_results_after_the_close_are_filled_by_section_and_submitted_late_with_the_reason() -> None:
    row = scene.draft(scene.change_hub())
    day = closed(row)
    assert "Check answers and submit late" in text(page(scene.reporter(), "submission", row.pk, day=day))
    assert "These go into it as late" in text(page(scene.reporter(), "fill", row.pk, "delivery", day=day))
    assert fill_all(row, day).url == reverse("kpis:submit", args=[row.pk])
    answer = post(scene.reporter(), "submit", row.pk, data={"version": seen(row)}, day=day)
    assert "Say why these results are late" in text(answer)
    whole = {"version": seen(row), "late_reason": "The manager had left."}
    assert post(scene.reporter(), "submit", row.pk, data=whole, day=day).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.after_close, row.late_reason) == ("submitted", True, "The manager had left.")


def test_a_section_that_was_open_when_the_quarter_closed_is_kept_and_the_person_is_told() -> None:
    row = scene.draft(scene.change_hub())
    day = closed(row)
    with clock.at(day):
        answer = signed_in(scene.reporter()).post(
            reverse("kpis:fill", args=[row.pk, "referrals"]), {"version": "1", "CHB-01": "38"}, follow=True
        )
    assert "saved. The quarter is closed for results. These go into it as late" in text(answer)
    assert Result.objects.get().count == 38


def test_a_query_after_the_close_asks_why_only_where_figures_change() -> None:
    row = scene.submitted(scene.change_hub())
    post(scene.officer(), "query", row.pk, data={"section": "delivery", "reason": "Too few?", "version": seen(row)})
    day = closed(row)
    post(scene.reporter(), "answer", row.pk, row.queries.get().pk, data={"words": "One was left out."}, day=day)
    assert "Why these figures change now" not in text(page(scene.reporter(), "submit", row.pk, day=day))
    changed = {"version": seen(row), "CHB-14.numerator": "131", "CHB-14.denominator": "160"}
    post(scene.reporter(), "fill", row.pk, "delivery", data=changed, day=day)
    assert "Why these figures change now" in text(page(scene.reporter(), "submit", row.pk, day=day))


def test_the_list_is_filtered_by_status() -> None:
    duty = scene.change_hub()
    scene.submitted(duty)
    scene.draft(duty, "2023-24-Q2")
    rows = page(scene.officer(), "submissions", day=date(2023, 10, 4), status="submitted").context["table"].rows
    assert [row.record.status for row in rows] == ["submitted"]


def test_performance_shows_figures_target_and_the_word() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    shown = text(page(scene.officer(), "performance", quarter=str(scene.quarter_of(duty).pk)))
    for words in ("CHB-06", "Completion rate", "46.2%", "No target", "Not due"):
        assert words in shown


def test_a_board_member_sees_c_where_numbers_are_small_and_is_told_why() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    member = factories.person("board-member", "setdab")
    quarter = scene.quarter_of(duty)
    shown = text(page(member, "breakdown", "DAPF-2023-25", quarter.code, "CHB-01"))
    assert "[c]" in shown
    assert "Small numbers are hidden" in shown
    own = text(page(scene.officer(), "breakdown", "DAPF-2023-25", quarter.code, "CHB-01"))
    assert "[c]" not in own
    listed = text(page(member, "performance", quarter=str(quarter.pk)))
    assert "Opening caseload" not in listed


def test_a_reporter_sees_the_performance_of_their_own_measures_alone() -> None:
    duty = scene.change_hub()
    other = scene.duty_of(duty.project.programme, "SIS", "other", {"SIS-01": []})
    scene.accepted(duty)
    scene.accepted(other, figures={"SIS-01": "9"})
    quarter = scene.quarter_of(duty)
    shown = text(page(scene.reporter("other"), "performance", quarter=str(quarter.pk)))
    assert "SIS-01" in shown
    assert "CHB-01" not in shown
    assert page(scene.reporter("other"), "breakdown", "DAPF-2023-25", quarter.code, "CHB-01").status_code == 404


@pytest.mark.parametrize("name", ["submissions", "performance"])
def test_lists_download_as_excel(name: str) -> None:
    scene.accepted(scene.change_hub())
    answer = page(scene.officer(), name, download="xlsx")
    assert answer["Content-Type"].startswith("application/vnd.openxmlformats")
    assert answer.content[:2] == b"PK"


def test_the_download_of_performance_holds_figures_as_numbers_and_their_markers_apart() -> None:
    duty = scene.change_hub()
    scene.submitted(duty)
    quarter = str(scene.quarter_of(duty).pk)
    answer = page(scene.officer(), "performance", quarter=quarter, download="xlsx")
    sheet = load_workbook(BytesIO(answer.content)).active
    headers = [cell.value for cell in sheet[3]]
    rows = {row[0].split()[0]: dict(zip(headers, row, strict=True)) for row in sheet.iter_rows(4, values_only=True)}
    assert (rows["CHB-06"]["Q1"], rows["CHB-06"]["Unit"]) == (18, "people")
    assert rows["CHB-06"]["Markers"] == "Q1 [p]; Year to date [p]"
    assert (rows["CHB-12"]["Q1"], rows["CHB-12"]["Unit"]) == (46.2, "per cent")
    assert rows["CHB-06"]["Q2"] == "Not due"
    assert "18 [p]" in text(page(scene.officer(), "performance", quarter=quarter))


def test_the_list_of_results_asks_as_much_for_two_rows_as_for_many() -> None:
    duty = scene.change_hub({"CHB-01": []})
    scene.draft(duty)
    scene.draft(duty, "2023-24-Q2")
    few = queries("submissions")
    for code in ("2023-24-Q3", "2023-24-Q4", "2024-25-Q1", "2024-25-Q2", "2024-25-Q3", "2024-25-Q4"):
        scene.draft(duty, code)
    for project, organisation in (("SIS", "other"), ("GDM", "ecc")):
        own = scene.duty_of(duty.project.programme, project, organisation, {f"{project}-01": []})
        for quarter in duty.project.programme.quarters.filter(kind="quarter"):
            scene.draft(own, quarter.code)
    assert Submission.objects.count() == 24
    assert queries("submissions") == few


def test_performance_asks_as_much_for_one_measure_as_for_many() -> None:
    duty = scene.change_hub({"CHB-01": []})
    scene.accepted(duty, figures={"CHB-01": "38"})
    few = queries("performance")
    more = scene.duty_of(
        duty.project.programme, "SIS", "other", {f"SIS-{number}": [] for number in ("01", "03", "06", "10")}
    )
    scene.accepted(more, figures={"SIS-01": "9", "SIS-03": "8", "SIS-06": "8", "SIS-10": "7"})
    assert queries("performance") == few


def queries(name: str) -> int:
    with clock.at(date(2025, 4, 9)):
        client = signed_in(scene.officer())
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(f"kpis:{name}")).status_code == 200
    return len(asked)


def test_who_writes_a_name_is_warned_at_once_and_asked_before_it_is_handed_in() -> None:
    row = scene.draft(scene.change_hub({"CHB-33a": []}))
    client = signed_in(scene.reporter())
    with clock.at(date(2023, 7, 5)):
        told = client.post(
            reverse("kpis:fill", args=[row.pk, "narrative"]),
            {"version": seen(row), "CHB-33a": f"{scene.WORDS} Sarah came every week."},
            follow=True,
        ).content.decode()
        assert "Progress (CHB-33a): it seems to hold a name. Read it again." in told
        assert "This names nobody: Progress (CHB-33a)" in told
        refused = client.post(reverse("kpis:submit", args=[row.pk]), {"version": seen(row)}).content.decode()
        assert "or confirm that it names nobody" in refused
        client.post(reverse("kpis:submit", args=[row.pk]), {"version": seen(row), "names_nobody": "CHB-33a"})
        shown = signed_in(scene.officer()).get(reverse("kpis:accept", args=[row.pk])).content.decode()
    row.refresh_from_db()
    assert row.status == Submission.Status.SUBMITTED
    assert "confirmed on 5 July 2023 that it names nobody" in shown


def test_a_plain_text_is_asked_nothing() -> None:
    row = scene.draft(scene.change_hub({"CHB-33a": []}))
    client = signed_in(scene.reporter())
    with clock.at(date(2023, 7, 5)):
        client.post(reverse("kpis:fill", args=[row.pk, "narrative"]), {"version": seen(row), "CHB-33a": scene.WORDS})
        assert "names nobody" not in client.get(reverse("kpis:submit", args=[row.pk])).content.decode()


def test_an_officers_question_and_its_answer_are_warned_about_and_sent() -> None:
    row = scene.submitted(scene.change_hub())
    with clock.at(JULY_5):
        asked = signed_in(scene.officer()).post(
            reverse("kpis:query", args=[row.pk]),
            {"version": seen(row), "section": "delivery", "reason": "Is Mr Okonkwo counted?"},
            follow=True,
        )
        assert "What you wrote seems to hold a name." in text(asked)
        question = row.queries.get()
        answered = signed_in(scene.reporter()).post(
            reverse("kpis:answer", args=[row.pk, question.pk]), {"words": "He lives in CM2 6DA."}, follow=True
        )
    assert "What you wrote seems to hold a postcode." in text(answered)
