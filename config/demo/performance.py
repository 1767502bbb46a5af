"""The demonstration's results: who reports what, and eight quarters reported through the acts, at their dates."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from board import clock
from board.models import Milestone, Programme, Project, Quarter, User
from config.demo import performance_numbers as numbers
from config.demo.performance_numbers import Mentoring, Service, Weights
from contracts.models import Contract
from core.problems import Problem, Refused
from core.working_days import add_working_days
from kpis import submitting
from kpis.catalogue import load_catalogue
from kpis.defining import redefine
from kpis.duties import assign, set_target
from kpis.models import Kpi, Submission

Boxes = dict[str, str]
CURRENT = "DAPF-2023-25"
LAST = "2024-25-Q4"
FIRST_QUARTER, LAST_QUARTER = "2023-24-Q1", LAST

# Project, organisation, contract, first quarter, measures with the breakdowns that are ticked.
_CORE = ("03", "07", "08", "09a", "10", "14", "17", "18a", "18b", "19a", "19b", "22", "23", "34", "35", "36", "37")
DUTIES: list[tuple[str, str, str, str, dict[str, list[str]]]] = [
    ("CHB", "change", "CHB-2023", FIRST_QUARTER, {
        "01": ["area", "source"], "04": ["not-accepted"], "06": ["gender", "age"], "11": ["closure"],
        **{code: [] for code in (*_CORE, "24", "29a", "15", "33a", "33b")},
    }),
    ("SIS", "sis", "SIS-2023", FIRST_QUARTER, {
        "01": ["area"], "04": ["not-accepted"], "06": ["area", "risk"], "11": ["closure"], "44": ["relationship"],
        **{code: [] for code in (*_CORE, "33a")},
    }),
    ("PIP", "pipa", "PIP-2023", FIRST_QUARTER, {
        "01b": ["area"], "04": ["not-accepted"], "06": ["gender", "age"], "11": ["closure"],
        **{code: [] for code in (*_CORE, "42a", "42b", "42c", "33a")},
    }),
    ("GDM", "ecc", "GDM-2023", FIRST_QUARTER, {
        "01": ["area"], "02": ["area", "age-youth", "form"], "03": ["area"],
        **{code: [] for code in ("04", "05a", "05b", "06", "07", "08a", "08b", "09a", "09b", "33a", "33b")},
    }),
    ("SIN", "ecc", "GDM-2023", FIRST_QUARTER, {
        "01": ["area"], "02": ["area", "age-youth", "form"], "03": ["area"],
        **{code: [] for code in ("04", "05a", "05b", "06", "07", "08a", "08b", "09a", "09b", "33a")},
    }),
    ("RFL", "pfcc", "RFL-2023", FIRST_QUARTER, {
        "01": ["channel"], **{code: [] for code in ("02", "03b", "04", "08", "33a")},
    }),
    ("VIC", "safe", "VIC-2023", FIRST_QUARTER, {
        "01a": ["area", "gender", "risk"],
        **{code: [] for code in ("01b", "02", "03", "04a", "04b", "04c", "05", "06a", "33a", "33b")},
    }),
    ("EVL", "tonic", "EVL-2023", FIRST_QUARTER, {
        "02a": ["asked"], **{code: [] for code in ("01", "02b", "03", "33a")},
    }),
    ("PGM", "pfcc", "", FIRST_QUARTER, {code: [] for code in ("01a", "01b", "02", "33a")}),
    ("CHB", "police", "POL-2023", "2023-24-Q3", {code: [] for code in ("31a", "31b")}),
    ("SIS", "police", "POL-2023", FIRST_QUARTER, {code: [] for code in ("31a", "40", "43a", "43b", "46")}),
    ("PIP", "police", "POL-2023", FIRST_QUARTER, {
        "41": ["route"], **{code: [] for code in ("01a", "31a", "31b", "40a", "40b", "44a", "44b")},
    }),
]  # fmt: skip

# KPI, target of 2023-24 and of 2024-25, baseline.
TARGETS: list[tuple[str, str, str, str]] = [
    ("CHB-06", "140", "168", "120"),
    ("CHB-10", "60", "90", "48"),
    ("CHB-12", "50", "55", "47"),
    ("CHB-14", "75", "78", "72"),
    ("CHB-23", "70", "75", "68"),
    ("SIS-06", "24", "30", "0"),
    ("SIS-10", "10", "24", "0"),
    ("SIS-23", "60", "70", "0"),
    ("PIP-06", "80", "104", "0"),
    ("PIP-10", "50", "80", "0"),
    ("GDM-02", "110", "120", "0"),
    ("GDM-03", "80", "100", "0"),
    ("SIN-02", "90", "100", "0"),
    ("SIN-03", "65", "80", "0"),
    ("VIC-02", "80", "85", "76"),
    ("VIC-04a", "70", "75", "69"),
]

REPORTERS = {
    "change": "reporter.change", "sis": "reporter.sis", "pipa": "reporter.pipa", "ecc": "reporter.ecc",
    "safe": "reporter.safe", "tonic": "reporter.tonic", "police": "reporter.police", "pfcc": "commissioning.1",
}  # fmt: skip

# Quarter and duty -> working days after the due date, and the reason.
LATE = {
    ("2023-24-Q3", "SIN-ecc"): (6, "The youth worker who keeps the register was on sick leave; a colleague took over."),
    ("2023-24-Q3", "GDM-ecc"): (6, "The youth worker who keeps the register was on sick leave; a colleague took over."),
}
QUERIED = {("2024-25-Q1", "SIS-sis")}
REVISED = ("2024-25-Q1", "CHB-change")
QUERY_WORDS = "45 sessions were offered, 67 last quarter, with one start fewer. Is a clinic missing from the count?"
ANSWER_WORDS = "Yes: the Friday clinic in Southend had been left out. The sessions offered and attended are put right."
REVISION_WORDS = (
    "Partners contacted in the last week of June were entered in July. The four figures on partners are put right."
)

# What is said of a figure that the rules ask about, by rule; the first quarters have their own reason.
COMMENTS = {
    "K11": "Checked against the case records: the change is real.",
    "K13": "A recovery plan was agreed with the commissioning officer and is looked at every month.",
    "K12": "Checked: the number of closed cases is small, so the rate moves much.",
    "K08": "Some of the starts were accepted last quarter.",
    "K09": "Some contacts carried over from last quarter.",
    "K05": "Details are being completed at the first session.",
    "K22": "The service was still being set up.",
}
GROWTH = "The service reached full staffing in July, after the award had been confirmed late."
CAMPAIGN = "The campaign runs in bursts: autumn and summer are high, the months between low."


def load(programmes: dict[str, Programme], people: dict[str, User]) -> None:
    """Definitions, duties and targets of all programmes, and every quarter's results of the present one."""
    for programme in programmes.values():
        set_up(programme, people)
    programme = programmes[CURRENT]
    for quarter in programme.quarters.filter(kind=Quarter.Kind.QUARTER).order_by("first_day"):
        load_quarter(programme, quarter, people)


def set_up(programme: Programme, people: dict[str, User]) -> None:
    """Definitions of a programme; of the present one duties, targets and milestones too."""
    by = people["commissioning.1"]
    with clock.at(programme.first_day):
        load_catalogue(programme, by)
        if programme.code != CURRENT:
            return
        projects = {project.code: project for project in programme.projects.all()}
        quarters = {row.code: row for row in programme.quarters.all()}
        _load_milestones(projects)
        for project, organisation, contract, first, measures in DUTIES:
            assign(
                project=projects[project],
                organisation=people[REPORTERS[organisation]].acting.organisation,  # type: ignore[union-attr]
                first_quarter=quarters[first],
                last_quarter=quarters[LAST_QUARTER],
                measures={f"{project}-{code}": ticked for code, ticked in measures.items()},
                contract=Contract.objects.filter(reference=contract).first(),
                by=by,
            )
        _load_targets(programme, by)
    with clock.at(date(2024, 3, 18)):
        _redefine_completion(projects, by)
    with clock.at(date(2024, 7, 1)):
        set_target(
            kpi=Kpi.objects.get(project=projects["SIS"], code="SIS-06"),
            year=programme.years.get(code="2024-25"),
            value=Decimal("28"),
            from_date=date(2024, 7, 1),
            reason="Lowered at the annual review: one post is shared with the panel.",
            by=by,
        )


def _load_milestones(projects: Mapping[str, Project]) -> None:
    for project, rows in numbers.MILESTONES.items():
        for code, name, due_on in rows:
            Milestone.objects.get_or_create(
                project=projects[project], code=code, defaults={"name": name, "due_on": date.fromisoformat(due_on)}
            )


def _load_targets(programme: Programme, by: User) -> None:
    kpis = {kpi.code: kpi for kpi in Kpi.objects.filter(project__programme=programme)}
    years = list(programme.years.order_by("starts"))
    for code, *values, baseline in TARGETS:
        for year, value in zip(years, values, strict=True):
            set_target(
                kpi=kpis[code],
                year=year,
                value=Decimal(value),
                baseline=Decimal(baseline),
                from_date=date(year.starts, 4, 1),
                reason="Agreed with the supplier (illustrative).",
                by=by,
            )


def _redefine_completion(projects: Mapping[str, Project], by: User) -> None:
    for code in ("GDM", "SIN"):
        redefine(
            kpi=Kpi.objects.get(project=projects[code], code=f"{code}-03"),
            from_date=date(2024, 4, 1),
            reason="Agreed at the annual review: a catch-up session counts as attended.",
            definition="Attended at least 4 of the 5 sessions, catch-up sessions included, finished in the quarter.",
            by=by,
        )


def load_quarter(programme: Programme, quarter: Quarter, people: dict[str, User]) -> None:
    """Ask for a quarter's results, hand them in and accept them, each at its date; the last one stays in mid-work."""
    with clock.at(quarter.first_day, 9):
        submitting.open_quarter(quarter=quarter, by=people["commissioning.1"])
    if quarter.code == "2024-25-Q2":
        _revise(programme, people)
    rows = Submission.objects.filter(quarter=quarter, revision=1).select_related(
        "duty__project__programme", "duty__organisation", "quarter__programme", "quarter__year"
    )
    for place, submission in enumerate(sorted(rows, key=lambda row: row.reference)):
        name = submission.duty.reference.partition("/")[2]
        if quarter.code == LAST:
            _in_mid_work(submission, name, people)
        else:
            _whole_course(submission, name, place, people)


def _seen(submission: Submission) -> int:
    """The version that an officer has on screen who opens the submission now."""
    return Submission.objects.get(pk=submission.pk).version


def _reporter(submission: Submission, people: dict[str, User]) -> User:
    return people[REPORTERS[submission.duty.organisation.code]]


def _whole_course(submission: Submission, name: str, place: int, people: dict[str, User]) -> None:
    """Handed in before or after the due date, queried where the story says so, accepted by the check date."""
    quarter = submission.quarter
    boxes = boxes_of(submission)
    days_late, why = LATE.get((quarter.code, name), (0, ""))
    day = add_working_days(quarter.provider_due_on, days_late) if days_late else _before_due(quarter, place % 4)
    queried = (quarter.code, name) in QUERIED
    if queried:
        boxes |= _rate(f"{submission.duty.project.code}-14", 33, 45)
    _hand_in(submission, boxes, day, _reporter(submission, people), why)
    if queried:
        _query_and_answer(submission, people)
    accept_on = max(add_working_days(day, 1), add_working_days(quarter.last_day, 11))
    if queried:
        accept_on = add_working_days(day, 5)
    with clock.at(accept_on, 14, place):
        submitting.accept(submission=submission, seen_version=_seen(submission), by=people["commissioning.2"])


def _before_due(quarter: Quarter, days: int) -> date:
    """A working day up to three before the provider's due date."""
    return add_working_days(quarter.last_day, 10 - days)


def _hand_in(submission: Submission, boxes: Boxes, day: date, by: User, late_reason: str = "") -> None:
    """Save the day before and submit; where a rule asks about a figure, comment on it and submit again."""
    with clock.at(day - timedelta(days=1), 16):
        submission = submitting.save_draft(submission=submission, figures=boxes, seen_version=submission.version, by=by)
    with clock.at(day, 11):
        try:
            submitting.submit(submission=submission, seen_version=submission.version, by=by, late_reason=late_reason)
        except Refused as refusal:
            asked = {problem.where: _comment(problem, submission) for problem in refusal.problems if problem.blocking}
            keys = {name.removesuffix(".comment") for name in asked}
            again = {name: text for name, text in boxes.items() if _of_any(name, keys)} | asked
            submission = submitting.save_draft(
                submission=submission, figures=again, seen_version=submission.version, by=by
            )
            submitting.submit(submission=submission, seen_version=submission.version, by=by, late_reason=late_reason)


def _of_any(name: str, keys: set[str]) -> bool:
    return any(name == key or name.startswith(f"{key}.") for key in keys)


def _comment(problem: Problem, submission: Submission) -> str:
    if not problem.where.endswith(".comment"):
        raise Refused([problem])
    if submission.duty.project.code == "RFL":
        return CAMPAIGN
    if problem.code == "K11" and submission.quarter.code == "2023-24-Q2":
        return GROWTH
    return COMMENTS[problem.code]


def _query_and_answer(submission: Submission, people: dict[str, User]) -> None:
    by = _reporter(submission, people)
    due = submission.quarter.provider_due_on
    with clock.at(add_working_days(due, 1), 15):
        question = submitting.query(
            submission=submission,
            seen_version=_seen(submission),
            section="delivery",
            reason=QUERY_WORDS,
            by=people["commissioning.1"],
        )
    with clock.at(add_working_days(due, 2), 10):
        boxes = boxes_of(submission)
        code = submission.duty.project.code
        sessions = {name: text for name, text in boxes.items() if name.startswith(f"{code}-14")}
        fresh = Submission.objects.get(pk=submission.pk)
        fresh = submitting.save_draft(submission=fresh, figures=sessions, seen_version=fresh.version, by=by)
        submitting.answer(query=question, words=ANSWER_WORDS, by=by)
        submitting.submit(submission=fresh, seen_version=fresh.version, by=by)


def _revise(programme: Programme, people: dict[str, User]) -> None:
    """The Change Hub puts its first quarter of 2024-25 right in September, after it has been reported."""
    code, name = REVISED
    accepted = Submission.objects.get(
        duty__reference=f"{programme.code}/{name}", quarter__code=code, status=Submission.Status.ACCEPTED
    )
    by = people["reporter.change"]
    with clock.at(date(2024, 9, 12), 11):
        revision = submitting.revise(submission=accepted, reason=REVISION_WORDS, by=by)
        boxes = boxes_of(revision)
        changed = {f"CHB-{nn}": str(int(boxes[f"CHB-{nn}"]) + 3) for nn in ("18a", "18b", "19a", "19b")}
        changed |= {
            f"CHB-{nn}.comment": "Revised: entered in July, belongs to June." for nn in ("18a", "18b", "19a", "19b")
        }
        revision = submitting.save_draft(submission=revision, figures=changed, seen_version=revision.version, by=by)
        submitting.submit(submission=revision, seen_version=revision.version, by=by)
    with clock.at(date(2024, 9, 16), 15):
        submitting.accept(submission=revision, seen_version=_seen(revision), by=people["commissioning.2"])


# The last quarter at 9 April 2025: duty -> how far it has come.
MID_WORK = {
    "VIC-safe": "accepted", "SIS-sis": "queried", "PIP-pipa": "submitted", "PIP-police": "submitted",
    "GDM-ecc": "submitted", "PGM-pfcc": "submitted", "CHB-change": "half", "CHB-police": "submitted",
}  # fmt: skip
LAST_QUERY = "Only two victims were asked whether they feel safer, four last quarter. Is a review missing?"


def _in_mid_work(submission: Submission, name: str, people: dict[str, User]) -> None:
    how_far = MID_WORK.get(name, "not begun")
    by = _reporter(submission, people)
    boxes = boxes_of(submission)
    if how_far == "half":
        first_sections = ("CHB-01", "CHB-03", "CHB-04", "CHB-06", "CHB-07", "CHB-09a", "CHB-36", "CHB-37")
        half = {box: text for box, text in boxes.items() if _of_any(box, set(first_sections))}
        with clock.at(date(2025, 4, 8), 16, 40):
            submitting.save_draft(submission=submission, figures=half, seen_version=submission.version, by=by)
    elif how_far != "not begun":
        day = date(2025, 4, 3 if how_far in ("accepted", "queried") else 7)
        _hand_in(submission, boxes, day, by)
    if how_far == "accepted":
        with clock.at(date(2025, 4, 7), 14):
            submitting.accept(submission=submission, seen_version=_seen(submission), by=people["commissioning.2"])
    if how_far == "queried":
        with clock.at(date(2025, 4, 8), 9, 30):
            submitting.query(
                submission=submission,
                seen_version=_seen(submission),
                section="victims",
                reason=LAST_QUERY,
                by=people["commissioning.1"],
            )


# What is typed


def boxes_of(submission: Submission) -> Boxes:
    """What the reporter types for a submission, by the names of its boxes."""
    project, organisation = submission.duty.project.code, submission.duty.organisation.code
    codes = [row.code for row in submission.quarter.programme.quarters.filter(kind=Quarter.Kind.QUARTER)]
    at = sorted(codes).index(submission.quarter.code)
    if organisation == "police":
        return _police(project, at, sorted(codes))
    if project in _SERVICES:
        return _service(_SERVICES[project], at)
    if project in _YOUTH:
        return _mentoring(_YOUTH[project], at)
    return _OTHERS[project](at)


_SERVICES = {"CHB": numbers.CHANGE_HUB, "SIS": numbers.STALKING, "PIP": numbers.FIRST_TIME}
_YOUTH = {"GDM": numbers.GOODMAN, "SIN": numbers.SISTERS}


def share(total: int, weights: Weights) -> dict[str, int]:
    """Split a count by weights, largest remainders first, so that the parts make the whole."""
    whole = sum(weights.values())
    parts = {code: total * weight // whole for code, weight in weights.items()}
    order = sorted(weights, key=lambda code: (-(total * weights[code] % whole), list(weights).index(code)))
    for code in order[: total - sum(parts.values())]:
        parts[code] += 1
    return parts


def _split(box: str, dimension: str, total: int, weights: Weights) -> Boxes:
    return {f"{box}.{dimension}.{code}": str(part) for code, part in share(total, weights).items()}


def _rate(box: str, numerator: int, denominator: int) -> Boxes:
    return {f"{box}.numerator": str(numerator), f"{box}.denominator": str(denominator)}


def _people(box: str, figures: Sequence[int]) -> Boxes:
    names = ("people_quarter", "people_year", "people_programme")
    return {f"{box}.{name}": str(number) for name, number in zip(names, figures, strict=True)}


def _counts(project: str, counts: Mapping[str, int]) -> Boxes:
    return {f"{project}-{nn}": str(number) for nn, number in counts.items()}


def _service(service: Service, at: int) -> Boxes:
    """What every service with a caseload reports, and its own measures."""
    p, starts, closed = service.code, service.starts[at], service.completions[at] + service.others_closed[at]
    referral_box = f"{p}-01b" if p == "PIP" else f"{p}-01"
    linked = service.accepted(at) - at % 2
    attempted, contacted = linked - linked // 12, linked - linked // 6
    offered = contacted - contacted // 9
    sessions = 7 * starts + 3 * service.caseload(at)
    boxes = _counts(p, {
        "03": service.accepted(at), "04": service.not_accepted[at], "06": starts, "08": service.caseload(at),
        "09a": service.pending[at], "10": service.completions[at], "11": service.others_closed[at], "17": linked,
        "18a": attempted, "18b": contacted, "19a": offered, "19b": offered - offered // 3, "22": starts + starts // 3,
        "34": service.caseload(at - 1), "35": service.reopened[at], "36": service.awaiting_before(at),
        "37": service.withdrawn[at],
    })  # fmt: skip
    boxes |= {referral_box: str(service.referrals[at])}
    boxes |= _people(f"{p}-07", service.people(at))
    boxes |= _rate(f"{p}-14", sessions * (71 + at) // 100, sessions)
    boxes |= _rate(f"{p}-23", (offered // 2) * (66 + 2 * at) // 100, offered // 2)
    boxes |= _split(referral_box, "area", service.referrals[at], numbers.AREA)
    boxes |= _split(f"{p}-04", "not-accepted", service.not_accepted[at], numbers.NOT_ACCEPTED)
    boxes |= _split(f"{p}-11", "closure", service.others_closed[at], numbers.CLOSURE)
    boxes[f"{p}-33a"] = numbers.SLOW_START if at == 0 else numbers.PROGRESS[p]
    return boxes | _OWN[p](service, at, closed)


def _change_hub(service: Service, at: int, closed: int) -> Boxes:
    starts = service.starts[at]
    return {
        **_split("CHB-01", "source", service.referrals[at], numbers.SOURCE),
        **_split("CHB-06", "gender", starts, numbers.GENDER),
        **_split("CHB-06", "age", starts, numbers.AGE),
        **_rate("CHB-24", closed * (52 + at) // 100, closed),
        "CHB-29a": "4.5" if at == 0 else "6.5" if at < 4 else "7.25",
        "CHB-15.median": str(9 - at // 2),
        "CHB-15.n": str(service.referrals[at] - 4),
        "CHB-33b": numbers.BARRIERS,
    }


def _stalking(service: Service, at: int, closed: int) -> Boxes:
    starts = service.starts[at]
    return {
        **_split("SIS-06", "area", starts, numbers.AREA),
        **_split("SIS-06", "risk", starts, numbers.RISK),
        "SIS-44": str(starts),
        **_split("SIS-44", "relationship", starts, numbers.RELATIONSHIP),
    }


def _first_time(service: Service, at: int, closed: int) -> Boxes:
    starts = service.starts[at]
    return {
        **_split("PIP-06", "gender", starts, numbers.GENDER),
        **_split("PIP-06", "age", starts, numbers.AGE),
        "PIP-42a": str(2 * starts + 4),
        "PIP-42b": str(2 * starts - 1),
        "PIP-42c": str(service.completions[at]),
    }


_OWN = {"CHB": _change_hub, "SIS": _stalking, "PIP": _first_time}


def _mentoring(project: Mentoring, at: int) -> Boxes:
    p, started, completed = project.code, project.started[at], project.completed[at]
    first = at // 4 * 4
    carried = project.started[at - 1] // 4 if at else 0
    year_carried = project.started[first - 1] // 4 if first else 0
    people = (started + carried, year_carried + sum(project.started[first : at + 1]), sum(project.started[: at + 1]))
    settings = project.settings
    reached = (settings[at], min(sum(settings[first : at + 1]), 9 + at), min(sum(settings[: at + 1]), 9 + 2 * at))
    boxes = _counts(p, {
        "01": project.referred[at], "02": started, "03": completed, "05a": project.groups[at],
        "08a": 1 + at % 3, "08b": 2 + at % 4, "09a": project.already[at], "09b": started - project.already[at],
    })  # fmt: skip
    boxes |= _people(f"{p}-04", people) | _people(f"{p}-05b", reached)
    boxes |= _rate(f"{p}-06", completed * (68 + 2 * at) // 100, completed)
    boxes |= _rate(f"{p}-07", completed * (61 + 2 * at) // 100, completed)
    for nn, total in (("01", project.referred[at]), ("02", started), ("03", completed)):
        boxes |= _split(f"{p}-{nn}", "area", total, numbers.AREA)
    boxes |= _split(f"{p}-02", "age-youth", started, numbers.YOUTH_AGE)
    boxes |= _split(f"{p}-02", "form", started, numbers.FORM)
    boxes[f"{p}-33a"] = numbers.SLOW_START if at == 0 else numbers.PROGRESS[p]
    if p == "GDM":
        boxes["GDM-33b"] = numbers.BARRIERS
    if p == "SIN" and at == 5:
        for column in ("numerator", "denominator"):
            del boxes[f"SIN-06.{column}"]
        boxes |= {
            "SIN-06.absence": "Two schools have not sent the second questionnaire back after the summer.",
            "SIN-06.expected": "29 November 2024",
        }
    return boxes


def _victims(at: int) -> Boxes:
    referred, asked = numbers.VICTIMS_REFERRED[at], numbers.VICTIMS_SUPPORTED[at][0] // 2
    boxes = _counts("VIC", {"01a": referred, "03": referred - referred // 5})
    boxes |= _people("VIC-01b", numbers.VICTIMS_SUPPORTED[at]) | _people("VIC-05", numbers.CHILDREN_SUPPORTED[at])
    boxes |= _rate("VIC-02", referred * (76 + 2 * at) // 100, referred)
    for nn, base in (("04a", 68), ("04b", 74), ("04c", 63)):
        boxes |= _rate(f"VIC-{nn}", asked * (base + at) // 100, asked)
    for dimension, weights in (("area", numbers.AREA), ("gender", numbers.VICTIM_GENDER), ("risk", numbers.RISK)):
        boxes |= _split("VIC-01a", dimension, referred, weights)
    boxes |= {"VIC-06a": "1.5" if at == 0 else "2.6", "VIC-33b": numbers.BARRIERS}
    boxes["VIC-33a"] = numbers.SLOW_START if at == 0 else numbers.PROGRESS["VIC"]
    if at == 3:
        boxes |= {
            "VIC-05.estimated": "on",
            "VIC-05.comment": "Estimated from the register of sessions; the case system was down for the last week.",
        }
    return boxes


def _reflect(at: int) -> Boxes:
    boxes = _counts("RFL", {"01": numbers.IMPRESSIONS[at], "03b": numbers.CLICKS[at], "04": numbers.VISITS[at]})
    boxes |= _split("RFL-01", "channel", numbers.IMPRESSIONS[at], numbers.CHANNEL)
    boxes |= _people("RFL-02", numbers.REACH[at])
    boxes |= _milestones("RFL", "RFL-08", at)
    return boxes | {"RFL-33a": numbers.SLOW_START if at == 0 else numbers.PROGRESS["RFL"]}


def _evaluation(at: int) -> Boxes:
    asked = {"perpetrators": 45, "victims": 20, "professionals": 35}
    boxes = _counts("EVL", {"02a": numbers.INTERVIEWS[at], "02b": numbers.SURVEYS[at]})
    boxes |= _split("EVL-02a", "asked", numbers.INTERVIEWS[at], asked)
    boxes |= _rate("EVL-03", *numbers.DATA_SETS[at]) | _milestones("EVL", "EVL-01", at)
    return boxes | {"EVL-33a": numbers.PROGRESS["EVL"]}


def _management(at: int) -> Boxes:
    boxes = _counts("PGM", {"01a": numbers.MEETINGS[at], "01b": numbers.RISKS[at]})
    return boxes | _rate("PGM-02", *numbers.ON_TIME[at]) | {"PGM-33a": numbers.PROGRESS["PGM"]}


_OTHERS = {"VIC": _victims, "RFL": _reflect, "EVL": _evaluation, "PGM": _management}


def _milestones(project: str, code: str, at: int) -> Boxes:
    """Each milestone that is not met before the quarter: met in it, or expected when."""
    first, last = date(2023 + at // 4, 4, 1), date(2023 + at // 4, 4, 1)
    month = 4 + 3 * (at % 4)
    first = date(2023 + at // 4 + month // 13, (month - 1) % 12 + 1, 1)
    after = date(first.year + (first.month + 3) // 13, (first.month + 2) % 12 + 1, 1)
    last = after - timedelta(days=1)
    boxes: Boxes = {}
    for name, _, due_on in numbers.MILESTONES[project]:
        met = date.fromisoformat(numbers.MET[name]) if name in numbers.MET else None
        if met and met < first:
            continue
        if met and met <= last:
            boxes[f"{code}@{name}.met_on"] = met.isoformat()
        else:
            expected = date.fromisoformat(due_on)
            if name in numbers.FORECAST and expected <= last:
                expected = date.fromisoformat(numbers.FORECAST[name])
            boxes[f"{code}@{name}.forecast_on"] = max(expected, met or expected).isoformat()
    return boxes


def _police(project: str, at: int, codes: Sequence[str]) -> Boxes:
    boxes: Boxes = {}
    starts = _SERVICES[project].starts
    cohorts = [("31a", 2, numbers.AGAIN_6[project]), ("31b", 4, numbers.AGAIN_12.get(project, []))]
    if project == "SIS":
        cohorts = [cohorts[0], ("46", 2, numbers.CONTACT_6)]
        boxes |= _counts("SIS", {
            "40": numbers.POLICE_PANEL[at], "43a": numbers.ORDERS_INTERIM[at], "43b": numbers.ORDERS_FULL[at],
        })  # fmt: skip
    if project == "PIP":
        boxes |= _counts("PIP", {
            "01a": numbers.FIRST_TIME.referrals[at], "40a": numbers.IDENTIFIED[at], "40b": numbers.OFFERED[at],
            "41": numbers.OFFERED[at], "44a": numbers.CONSULTED[at], "44b": numbers.VICTIMS_OFFERED[at],
        })  # fmt: skip
        boxes |= _split("PIP-41", "route", numbers.OFFERED[at], numbers.ROUTE)
    for nn, wait, found in cohorts:
        if at >= wait and found:
            boxes |= _rate(f"{project}-{nn}@{codes[at - wait]}", found[at - wait], starts[at - wait])
    return boxes
