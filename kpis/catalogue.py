"""The board's catalogue of measures as data, and the act that writes it into a programme.

Codes, names and definitions are this board's own. A measure that counts two things is two measures.
"""

# One measure a line reads as the table that it is.
# ruff: noqa: E501

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import transaction

from board import events
from board.models import Programme, Project, User
from kpis.kinds import Kind, Section
from kpis.models import Category, Dimension, Identity, Kpi, KpiVersion

NOT_KNOWN = ("not-known", "Not known")
PREFER_NOT = ("prefer-not", "Prefer not to say")
OTHER = ("other", "Other")
UNKNOWN_CODES = frozenset({"not-known", "not-assessed"})

# Dimension code -> name and categories in the order of the form. One at a time, never crossed.
DIMENSIONS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "area": (
        "Area",
        (("essex", "Essex"), ("southend", "Southend"), ("thurrock", "Thurrock"), ("outside", "Outside"), NOT_KNOWN),
    ),
    "district": (
        "District",
        (
            ("basildon", "Basildon"), ("braintree", "Braintree"), ("brentwood", "Brentwood"),
            ("castle-point", "Castle Point"), ("chelmsford", "Chelmsford"), ("colchester", "Colchester"),
            ("epping-forest", "Epping Forest"), ("harlow", "Harlow"), ("maldon", "Maldon"),
            ("rochford", "Rochford"), ("tendring", "Tendring"), ("uttlesford", "Uttlesford"),
            ("southend-on-sea", "Southend-on-Sea"), ("thurrock", "Thurrock"), ("outside", "Outside"), NOT_KNOWN,
        ),
    ),
    "gender": (
        "Sex or gender",
        (("female", "Female"), ("male", "Male"), ("other", "Other or self-described"), PREFER_NOT, NOT_KNOWN),
    ),
    "age": (
        "Age",
        (
            ("16-17", "16 to 17"), ("18-24", "18 to 24"), ("25-34", "25 to 34"), ("35-44", "35 to 44"),
            ("45-54", "45 to 54"), ("55-64", "55 to 64"), ("65-plus", "65 and over"), NOT_KNOWN,
        ),
    ),
    "age-youth": (
        "Age",
        (("10-12", "10 to 12"), ("13-15", "13 to 15"), ("16-18", "16 to 18"), NOT_KNOWN),
    ),
    "ethnicity": (
        "Ethnic group",
        (("asian", "Asian"), ("black", "Black"), ("mixed", "Mixed"), ("white", "White"), OTHER, PREFER_NOT, NOT_KNOWN),
    ),
    "risk": (
        "Risk at entry",
        (("standard", "Standard"), ("medium", "Medium"), ("high", "High"), ("not-assessed", "Not assessed")),
    ),
    "source": (
        "Referral source",
        (
            ("self", "Self"), ("police", "Police"), ("probation", "Probation"),
            ("childrens-social-care", "Children’s social care"), ("adult-social-care", "Adult social care"),
            ("marac", "MARAC or MATAC"), ("health", "Health"), ("education", "Education"), ("housing", "Housing"),
            ("victim-service", "Victim service"), ("voluntary", "Voluntary sector"), ("courts", "Courts or legal"),
            OTHER, NOT_KNOWN,
        ),
    ),
    "relationship": (
        "Relationship",
        (("current", "Current partner"), ("ex-partner", "Ex-partner"), ("family", "Family member"), OTHER, NOT_KNOWN),
    ),
    "not-accepted": (
        "Reason not accepted",
        (
            ("unsuitable-risk", "Unsuitable risk"), ("mandated", "In a mandated programme"),
            ("no-consent", "No consent"), ("out-of-area", "Out of area"), ("under-age", "Under age"),
            ("no-contact", "No contact"), ("declined", "Declined"), OTHER,
        ),
    ),
    "closure": (
        "Reason for closing",
        (
            ("disengaged", "Disengaged"), ("removed", "Removed for risk or conduct"), ("withdrew", "Withdrew"),
            ("custody", "Custody"), ("moved", "Moved"), OTHER,
        ),
    ),
    "level": ("Level", (("level-1", "Level 1"), ("level-2", "Level 2"), ("level-3", "Level 3"))),
    "heard": ("Heard of it", (("reflect", "Through Reflect"), OTHER, NOT_KNOWN)),
    "destination": (
        "Destination",
        (
            ("victim-service", "Victim service"), ("health", "Health"), ("substance-misuse", "Substance misuse"),
            ("housing", "Housing"), ("helpline", "Respect phone line"), OTHER,
        ),
    ),
    "agency": (
        "Agency",
        (("police", "Police"), ("probation", "Probation"), ("health", "Health"), ("council", "Council"), OTHER),
    ),
    "route": (
        "Disposal route",
        (
            ("conditional-caution", "Conditional caution"), ("community-resolution", "Community resolution"),
            ("voluntary", "Voluntary"), OTHER,
        ),
    ),
    "form": ("Group or one-to-one", (("group", "Group"), ("one-to-one", "One-to-one"))),
    "channel": (
        "Channel",
        (("social-media", "Social media"), ("posters", "Posters"), ("film", "Film and video"), ("search", "Search"), OTHER),
    ),
    "asked": (
        "Who was asked",
        (("perpetrators", "People on programmes"), ("victims", "Victims"), ("professionals", "Professionals")),
    ),
}  # fmt: skip

_LETTERS = {
    "A": "area", "D": "district", "G": "gender", "E": "ethnicity", "Y": "age", "U": "age-youth", "R": "risk",
    "S": "source",
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One measure. `nn` is the code without its project; `by` the breakdowns that can be ticked."""

    nn: str
    name: str
    kind: Kind
    section: Section
    unit: str
    definition: str
    by: tuple[str, ...] = ()
    direction: str = "none"
    scaled: bool = False
    window: int | None = None
    low: int | None = None
    high: int | None = None
    numerator: str = ""
    denominator: str = ""
    sensitive: bool = True
    balancing: bool = False


def _by(letters: str, *others: str) -> tuple[str, ...]:
    return (*(_LETTERS[letter] for letter in letters), *others)


R, C, D, O, V, W, M, N = (  # noqa: E741
    Section.REFERRALS, Section.CASELOAD, Section.DELIVERY, Section.OUTCOMES, Section.VICTIMS, Section.WORKFORCE,
    Section.MILESTONES, Section.NARRATIVE,
)  # fmt: skip


def _flow(nn: str, name: str, section: Section, definition: str, by: tuple[str, ...] = (), **more: object) -> Measure:
    return Measure(nn, name, Kind.FLOW, section, **{"unit": "cases", "definition": definition, "by": by, **more})


def _open(nn: str, name: str, section: Section, definition: str, by: tuple[str, ...] = (), **more: object) -> Measure:
    return Measure(nn, name, Kind.SNAPSHOT, section, **{"unit": "cases", "definition": definition, "by": by, **more})


def _first(nn: str, name: str, section: Section, definition: str) -> Measure:
    return Measure(nn, name, Kind.OPENING, section, unit="cases", definition=definition, balancing=True)


def _rate(nn: str, name: str, section: Section, definition: str, by: tuple[str, ...] = (), **more: object) -> Measure:
    given = {"unit": "per cent", "definition": definition, "by": by, "direction": "higher", **more}
    return Measure(nn, name, Kind.RATIO, section, **given)


def _people(nn: str, name: str, section: Section, definition: str, by: tuple[str, ...] = (), **more: object) -> Measure:
    return Measure(nn, name, Kind.PEOPLE, section, **{"unit": "people", "definition": definition, "by": by, **more})


def _text(nn: str, name: str, definition: str) -> Measure:
    return Measure(nn, name, Kind.TEXT, N, "words", definition)


# For services that work with people who use abuse. "…" in a formula stands for the project's code.
COMMON: tuple[Measure, ...] = (
    _flow("01", "Referrals received", R, "Referrals received in the quarter, self-referrals and repeat referrals included. Count referrals, not people.", _by("ADGYERS")),
    _flow("02", "Of which repeat referrals within 12 months", R, "Referrals of a person who was referred in the 12 months before."),
    _flow("03", "Referrals accepted", R, "Referrals decided on as suitable in the quarter, whenever they were received.", _by("A")),
    _flow("04", "Referrals not accepted", R, "Referrals declined in the quarter, each under its main reason.", ("not-accepted",)),
    _flow("05", "Assessments completed", R, "Full assessments finished in the quarter.", _by("AR")),
    _flow("06", "Starts", R, "People who attended their first intervention session in the quarter.", _by("ADGYER"), unit="people", direction="higher"),
    _people("07", "Individuals worked with", R, "Different people who had at least one session or contact. Each person once in the quarter, once in the year and once in the programme.", _by("AG")),
    _open("08", "Open caseload at quarter end", C, "Cases started and not closed on the last day of the quarter.", _by("A")),
    _open("09a", "Awaiting a decision at quarter end", R, "Referrals received and neither accepted, declined nor withdrawn on the last day.", _by("A")),
    _open("09b", "Accepted, waiting to start at quarter end", R, "Accepted and not yet started on the last day.", _by("A"), direction="lower"),
    _flow("10", "Completions", C, "Cases closed in the quarter because the agreed programme was finished.", _by("AGYER"), direction="higher"),
    _flow("11", "Non-completion closures", C, "Cases closed after a start for any other reason, each under its main reason.", ("closure",), direction="lower"),
    _rate("12", "Completion rate", C, "Completions as a share of all cases closed after a start. Never of starts in the same quarter.", numerator="+…-10", denominator="+…-10+…-11", low=500, high=8000),
    _rate("13", "Start rate", R, "Starts as a share of referrals accepted.", numerator="+…-06", denominator="+…-03"),
    _rate("14", "Sessions attended, of those offered", D, "Sessions attended, out of sessions offered to people on the programme."),
    Measure("15", "Days from referral to first contact", Kind.MEDIAN, R, "days", "The middle value, over those first contacted in the quarter.", direction="lower"),
    Measure("16", "Days from acceptance to start", Kind.MEDIAN, R, "days", "The middle value, over those who started in the quarter.", direction="lower"),
    _flow("17", "Linked partners and ex-partners identified", V, "Partners and ex-partners of people referred, identified in the quarter.", _by("A"), unit="people"),
    _flow("18a", "Partners and ex-partners: contact attempted", V, "Those whom the support service tried to reach.", unit="people"),
    _flow("18b", "Partners and ex-partners: contacted", V, "Those who were reached.", unit="people"),
    _flow("19a", "Partners and ex-partners offered support", V, "Those to whom support was offered in the quarter.", _by("A"), unit="people"),
    _flow("19b", "Partners and ex-partners who accepted support", V, "Those who took the offer up in the quarter.", _by("A"), unit="people"),
    _rate("20", "Support take-up", V, "Support accepted as a share of support offered.", numerator="+…-19b", denominator="+…-19a"),
    _open("21", "Integrated support cases open at quarter end", V, "Partners and ex-partners with an open support case on the last day."),
    _flow("22", "Children in linked households", V, "Children living with or in contact with the person, in cases started in the quarter.", _by("A"), unit="children"),
    _rate("23", "Victims reporting feeling safer", V, "Of those asked at exit or review, the share who said that they felt safer."),
    _rate("24", "Practitioner-rated risk reduced at closure", O, "Of cases closed, the share whose risk the practitioner rated lower than at entry.", _by("R")),
    _rate("25a", "Physical abuse stopped or reduced at exit", O, "Of closed cases with this abuse at entry, the share where it stopped or fell."),
    _rate("25b", "Sexual abuse stopped or reduced at exit", O, "Of closed cases with this abuse at entry, the share where it stopped or fell."),
    _rate("25c", "Harassment and stalking stopped or reduced at exit", O, "Of closed cases with this abuse at entry, the share where it stopped or fell."),
    _rate("25d", "Jealous and controlling behaviour stopped or reduced at exit", O, "Of closed cases with this abuse at entry, the share where it stopped or fell."),
    _rate("26", "Completers reporting change in attitude or behaviour", O, "Of completers asked, the share who reported a change."),
    _flow("27a", "Safeguarding referrals made: children", W, "Referrals made to children’s social care.", unit="referrals"),
    _flow("27b", "Safeguarding referrals made: adults", W, "Referrals made to adult social care.", unit="referrals"),
    _flow("28", "Cases with MARAC, MATAC or stalking panel involvement", W, "Cases discussed at one of the panels in the quarter."),
    _open("29a", "Practitioners in post", W, "Full-time equivalents in post on the last day.", unit="FTE", scaled=True, sensitive=False),
    _open("29b", "Practitioners funded", W, "Full-time equivalents that the agreement pays for.", unit="FTE", scaled=True, sensitive=False),
    _flow("30a", "Complaints", W, "Complaints received about the service.", unit="complaints"),
    _flow("30b", "Serious incidents", W, "Incidents reported to the commissioning officer under the agreement.", unit="incidents"),
    Measure("31a", "New domestic abuse offence or incident within 6 months of start", Kind.COHORT, O, "per cent", "Of the people who started in the entry quarter, the share recorded by Essex Police as a suspect within 6 months.", direction="lower", window=6),
    Measure("31b", "New domestic abuse offence or incident within 12 months of start", Kind.COHORT, O, "per cent", "Of the people who started in the entry quarter, the share recorded by Essex Police as a suspect within 12 months.", direction="lower", window=12),
    _rate("32", "Completeness of mandatory personal details", W, "Of mandatory fields in records opened in the quarter, the share filled.", sensitive=False),
    _text("33a", "Progress", "What went well this quarter. 20 to 300 words; no names, dates of birth or addresses."),
    _text("33b", "Barriers", "What stands in the way, and what would help. 20 to 300 words."),
    _text("33c", "Learning", "What you would tell another service. 20 to 300 words."),
    _text("33d", "Case study", "One anonymised case. Leave out anything by which a person could be known."),
    _text("33e", "What is not working", "What was tried and did not work. This box is never rated."),
    _first("34", "Opening caseload", C, "Cases open on the first day: last quarter’s closing caseload."),
    _flow("35", "Cases re-opened", C, "Cases closed earlier and opened again in the quarter, without a new start.", balancing=True),
    _first("36", "Referrals awaiting a decision on the first day", R, "Last quarter’s referrals awaiting a decision."),
    _flow("37", "Referrals withdrawn before a decision", R, "Referrals that the referrer or the person took back.", balancing=True),
)  # fmt: skip

# Signed terms; "at-most" ones may fail at a quarter's edge and only ask for a comment.
COMMON_IDENTITIES: tuple[tuple[str, str, str, str, bool], ...] = (
    ("caseload", "Opening caseload and starts and re-opened cases, less completions and other closures, must equal the open caseload at quarter end", "+…-34+…-06+…-35-…-10-…-11-…-08", "equals", True),
    ("referrals", "Referrals awaiting a decision on the first day and referrals received must equal those accepted, not accepted, withdrawn and awaiting a decision at quarter end", "+…-36+…-01-…-03-…-04-…-37-…-09a", "equals", False),
    ("repeats", "Repeat referrals are among the referrals received and cannot be more", "+…-02-…-01", "at-most", True),
    ("starts", "Starts are more than the referrals accepted", "+…-06-…-03", "at-most", False),
    ("victims-attempted", "Contact was attempted with more partners and ex-partners than were identified", "+…-18a-…-17", "at-most", False),
    ("victims-contacted", "More partners and ex-partners were contacted than contact was attempted with", "+…-18b-…-18a", "at-most", False),
    ("victims-offered", "Support was offered to more partners and ex-partners than were contacted", "+…-19a-…-18b", "at-most", False),
    ("victims-accepted", "More partners and ex-partners accepted support than were offered it", "+…-19b-…-19a", "at-most", False),
)  # fmt: skip

CHANGE_HUB_IDENTITIES = (
    ("levels", "Starts by level must add up to the starts", "+…-40-…-06", "equals", True),
)  # fmt: skip
STALKING_IDENTITIES = (
    ("relationships", "Starts by relationship must add up to the starts", "+…-44-…-06", "equals", True),
)  # fmt: skip

CHANGE_HUB: tuple[Measure, ...] = (
    _flow("40", "Starts by level", R, "The starts of the quarter, each under the level agreed at assessment.", ("level",), unit="people"),
    _flow("41a", "Single point of access: contacts handled", D, "Professional and family contacts answered.", _by("S", "heard"), unit="contacts"),
    _flow("41b", "Phone and web enquiries handled", D, "Enquiries by the public, whether or not a referral followed.", _by("S", "heard"), unit="contacts"),
    _flow("42", "Signposted elsewhere", R, "People told of another service, each under the main one.", ("destination",), unit="people"),
    Measure("43", "Re-referral within 12 months of completion", Kind.COHORT, O, "per cent", "Of the people who completed in the entry quarter, the share referred again within 12 months.", direction="lower", window=12),
)  # fmt: skip
STALKING: tuple[Measure, ...] = (
    _flow("40", "Cases discussed at the stalking intervention panel", D, "Cases on the agenda of the panel, each meeting counted."),
    _flow("41", "Stalking risk assessments completed", R, "Name the tool in the comment."),
    _flow("42a", "Psychologically informed interventions started", D, "People who began the intervention.", unit="people"),
    _flow("42b", "Psychologically informed interventions completed", D, "People who finished it.", unit="people"),
    _flow("43a", "Subject to an interim Stalking Protection Order at start", R, "Of the starts of the quarter.", unit="people"),
    _flow("43b", "Subject to a full Stalking Protection Order at start", R, "Of the starts of the quarter.", unit="people"),
    _flow("44", "Starts by relationship to the victim", R, "The starts of the quarter, by the person’s relationship to the victim.", ("relationship",), unit="people"),
    _people("45", "Stalking victims supported by an advocate", V, "Different people supported by a stalking advocacy caseworker."),
    Measure("46", "Further stalking contact reported within 6 months", Kind.COHORT, O, "per cent", "Of the people who started in the entry quarter, the share about whom further contact was reported to Essex Police within 6 months.", direction="lower", window=6),
    _flow("47a", "Professional consultations", D, "Consultations given to other professionals.", ("agency",), unit="consultations", sensitive=False),
    _flow("47b", "Staff trained", D, "Professionals trained.", ("agency",), unit="people", sensitive=False),
)  # fmt: skip
FIRST_TIME: tuple[Measure, ...] = (
    _flow("40a", "Eligible offenders identified", R, "First-time offenders found suitable for the workshops.", _by("A"), unit="people"),
    _flow("40b", "Eligible offenders offered a place", R, "Those to whom a place was offered.", _by("A"), unit="people"),
    _flow("41", "Disposals by route", R, "Disposals with the workshops as a condition or offer, by route.", ("route",), unit="disposals"),
    _flow("42a", "Workshop places booked", D, "Places booked in the quarter.", unit="places"),
    _flow("42b", "Workshop places attended", D, "Places attended.", unit="places"),
    _flow("42c", "Both workshop parts completed", D, "People who finished both parts.", unit="people"),
    _flow("43", "Breaches returned to police", D, "Conditions not met and sent back to Essex Police."),
    _flow("44a", "Victims consulted before disposal", V, "Victims asked for their view before the decision.", unit="people"),
    _flow("44b", "Victims offered support", V, "Victims offered support at the time of the disposal.", unit="people"),
)  # fmt: skip
FIRST_TIME_IDENTITIES = (
    ("offered", "Places were offered to more people than were identified", "+…-40b-…-40a", "at-most", False),
    ("both-parts", "Those who completed both parts are not as many as the completions", "+…-42c-…-10", "equals", False),
    ("attended", "More places were attended than booked", "+…-42b-…-42a", "at-most", False),
)
# The police refer and the provider receives: two suppliers, so two measures.
FIRST_TIME_REFERRALS: tuple[Measure, ...] = (
    _flow("01a", "Referrals made, as recorded by Essex Police", R, "Referrals sent to the provider in the quarter.", _by("A")),
    _flow("01b", "Referrals received, as recorded by the provider", R, "Referrals received in the quarter. Count referrals, not people.", _by("ADGYERS")),
)  # fmt: skip

YOUTH: tuple[Measure, ...] = (
    _flow("01", "Young people referred", R, "Referrals received in the quarter.", _by("ADUES"), unit="young people"),
    _flow("02", "Started the five-week programme", R, "Young people who attended their first session in the quarter.", _by("ADU", "form"), unit="young people", direction="higher"),
    _flow("03", "Completed the five-week programme", D, "Attended at least 4 of the 5 sessions, finished in the quarter.", _by("AU"), unit="young people", direction="higher"),
    _people("04", "Individuals worked with", D, "Different young people. Each once in the quarter, once in the year and once in the programme.", _by("A"), unit="young people"),
    _flow("05a", "Groups run", D, "Groups begun in the quarter.", _by("D"), unit="groups", sensitive=False),
    _people("05b", "Schools and settings reached", D, "Different schools and settings in which a session was held.", _by("D"), unit="settings", sensitive=False),
    _rate("06", "Improved knowledge of healthy relationships", O, "Of those who filled both questionnaires, the share whose score rose."),
    _rate("07", "Improved confidence to seek help or leave", O, "Of those who filled both questionnaires, the share whose score rose."),
    _flow("08a", "Safeguarding concerns raised", W, "Concerns raised with children’s social care.", unit="concerns"),
    _flow("08b", "Onward referrals", W, "Referrals made to other services.", unit="referrals"),
    _flow("09a", "Started: already in an abusive relationship", R, "Of those who started in the quarter.", unit="young people"),
    _flow("09b", "Started: at risk only", R, "Of those who started in the quarter.", unit="young people"),
    _text("33a", "Progress", "What went well this quarter. 20 to 300 words; no names, dates of birth or addresses."),
    _text("33b", "Barriers", "What is not working, and what would help. This box is not rated."),
)  # fmt: skip
YOUTH_IDENTITIES = (
    ("status", "Those already in an abusive relationship and those at risk only must add up to those who started", "+…-09a+…-09b-…-02", "equals", True),
)  # fmt: skip

REFLECT: tuple[Measure, ...] = (
    _flow("01", "Impressions", D, "Times that the campaign was shown.", ("channel",), unit="impressions", sensitive=False),
    _people("02", "Reach", D, "Different people reached. Never added over bursts: give the platforms’ own cumulative figure.", ("channel",), sensitive=False),
    _flow("03a", "Engagements", D, "Likes, shares and comments.", ("channel",), unit="engagements", sensitive=False),
    _flow("03b", "Click-throughs", D, "Clicks on a link of the campaign.", ("channel",), unit="clicks", sensitive=False),
    _flow("03c", "Film views", D, "Views of at least 3 seconds.", ("channel",), unit="views", sensitive=False),
    _flow("04", "Landing page visits", D, "Visits to the campaign’s page.", unit="visits", sensitive=False),
    _flow("05", "Contacts to The Change Project citing Reflect", O, "Contacts in which the person said that they came through the campaign.", unit="contacts"),
    _rate("07", "Recall or recognition", O, "Of those surveyed, the share who recalled or recognised the campaign.", sensitive=False),
    Measure("08", "Campaign milestones", Kind.MILESTONE, M, "date", "When each milestone was met, or is now expected.", sensitive=False),
    _text("33a", "Progress", "What went well this quarter. 20 to 300 words."),
)  # fmt: skip
VICTIMS: tuple[Measure, ...] = (
    _flow("01a", "Victims referred", R, "Referrals received in the quarter.", _by("AGYER"), unit="people"),
    _people("01b", "Victims supported", R, "Different people supported. Each once in the quarter, once in the year and once in the programme.", _by("AGYER")),
    _rate("02", "First contact within 48 hours", D, "Of referrals received, the share first contacted within 48 hours."),
    _flow("03", "Safety plans completed", D, "Plans agreed with the person in the quarter.", _by("A"), unit="plans"),
    _rate("04a", "Victims who feel safer", O, "Of those asked at exit or review, the share who agreed."),
    _rate("04b", "Victims who feel better informed", O, "Of those asked at exit or review, the share who agreed."),
    _rate("04c", "Victims who feel better able to cope", O, "Of those asked at exit or review, the share who agreed."),
    _people("05", "Children and young people supported", V, "Different children and young people supported.", _by("A"), unit="children"),
    _open("06a", "Advocates in post", W, "Full-time equivalents of IDVAs and ISACs in post on the last day.", unit="FTE", scaled=True, sensitive=False),
    _open("06b", "Open cases per full-time advocate", W, "Open cases on the last day divided by full-time equivalents.", scaled=True, direction="lower"),
    _text("33a", "Progress", "What went well this quarter. 20 to 300 words; no names, dates of birth or addresses."),
    _text("33b", "Barriers", "What is not working, and what would help. This box is not rated."),
)  # fmt: skip
EVALUATION: tuple[Measure, ...] = (
    Measure("01", "Evaluation milestones", Kind.MILESTONE, M, "date", "When each milestone was met, or is now expected.", sensitive=False),
    _flow("02a", "Interviews completed", D, "Interviews held in the quarter.", ("asked",), unit="interviews", sensitive=False),
    _flow("02b", "Surveys completed", D, "Survey answers received in the quarter.", ("asked",), unit="surveys", sensitive=False),
    _rate("03", "Data sets supplied by providers on time", D, "Of data sets due in the quarter, the share that came on time.", sensitive=False),
    _text("33a", "Progress", "What was done this quarter. 20 to 300 words."),
)  # fmt: skip
MANAGEMENT: tuple[Measure, ...] = (
    _flow("01a", "Board meetings held", D, "Meetings at which the programme was on the agenda.", unit="meetings", sensitive=False),
    _flow("01b", "Risks reviewed", D, "Risks of the register reviewed in the quarter.", unit="risks", sensitive=False),
    _rate("02", "Results submitted on time", D, "Of last quarter’s submissions, the share that came by the due date: see the list of results.", sensitive=False),
    _text("33a", "Progress", "What was done this quarter. 20 to 300 words."),
)  # fmt: skip

# The earlier fund was asked for less: one or two counts a project.
LEGACY: dict[str, tuple[Measure, ...]] = {
    "SPA": (_flow("01", "Enquiries", D, "Enquiries answered by the single point of access.", _by("A"), unit="enquiries"),),
    "OUT": (_flow("01", "People engaged by outreach", D, "People engaged in the quarter.", _by("A"), unit="people"),),
    "PRI": (
        _flow("01a", "Prison course starts", D, "People who started the course.", _by("A"), unit="people"),
        _flow("01b", "Prison course completions", D, "People who finished the course.", _by("A"), unit="people"),
    ),
    "BYS": (_flow("01", "Students trained", D, "Students trained in bystander intervention.", _by("A"), unit="students"),),
    "SUP": (
        _flow("01a", "Calls answered", D, "Calls that were answered.", _by("A"), unit="calls", sensitive=False),
        _flow("01b", "Calls abandoned", D, "Calls ended by the caller before an answer.", unit="calls", sensitive=False),
    ),
    "VIC": (_flow("01", "Victims supported", D, "Victims given enhanced support in the quarter.", _by("A"), unit="cases"),),
    "MEN": (_flow("01", "Young men mentored", D, "Young men aged 13 to 18 who met a mentor in the quarter.", _by("A"), unit="young men"),),
}  # fmt: skip

Row = tuple[str, str, str, str, bool]


def _first_time() -> tuple[Measure, ...]:
    core = tuple(measure for measure in COMMON if measure.nn != "01")
    return (*FIRST_TIME_REFERRALS, *core, *FIRST_TIME)


def _first_time_identities() -> tuple[Row, ...]:
    return (*((code, words, terms.replace("…-01", "…-01b"), relation, blocking)
              for code, words, terms, relation, blocking in COMMON_IDENTITIES), *FIRST_TIME_IDENTITIES)  # fmt: skip


CATALOGUE: dict[str, tuple[tuple[Measure, ...], tuple[Row, ...]]] = {
    "CHB": ((*COMMON, *CHANGE_HUB), (*COMMON_IDENTITIES, *CHANGE_HUB_IDENTITIES)),
    "SIS": ((*COMMON, *STALKING), (*COMMON_IDENTITIES, *STALKING_IDENTITIES)),
    "PIP": (_first_time(), _first_time_identities()),
    "GDM": (YOUTH, YOUTH_IDENTITIES),
    "SIN": (YOUTH, YOUTH_IDENTITIES),
    "RFL": (REFLECT, ()),
    "VIC": (VICTIMS, ()),
    "EVL": (EVALUATION, ()),
    "PGM": (MANAGEMENT, ()),
}
LEGACY_PROGRAMMES = frozenset({"DAPF-2020-23"})


def of_project(programme_code: str, project_code: str) -> tuple[tuple[Measure, ...], tuple[Row, ...]]:
    """A project's measures and identities, with the project's code in their formulas."""
    if programme_code in LEGACY_PROGRAMMES:
        measures, identities = LEGACY.get(project_code, ()), ()
    else:
        measures, identities = CATALOGUE.get(project_code, ((), ()))
    own = tuple(
        replace(
            measure,
            numerator=measure.numerator.replace("…", project_code),
            denominator=measure.denominator.replace("…", project_code),
        )
        for measure in measures
    )
    return own, tuple((c, w, terms.replace("…", project_code), r, b) for c, w, terms, r, b in identities)


def load_catalogue(programme: Programme, by: User) -> int:
    """Write the measures that the programme's projects do not have yet; returns how many. Changes none."""
    with transaction.atomic():
        dimensions = _load_dimensions()
        made = sum(_load_project(project, dimensions) for project in programme.projects.order_by("position", "code"))
        if made:
            events.record("kpis.load-catalogue", programme.code, by=by, words=f"{made} measures", programme=programme)
    return made


def _load_dimensions() -> dict[str, Dimension]:
    there = set(Dimension.objects.values_list("code", flat=True))
    new = {code: given for code, given in DIMENSIONS.items() if code not in there}
    made = Dimension.objects.bulk_create([Dimension(code=code, name=name) for code, (name, _) in new.items()])
    Category.objects.bulk_create(
        [
            Category(dimension=row, code=slug, name=label, position=position, unknown=slug in UNKNOWN_CODES)
            for row in made
            for position, (slug, label) in enumerate(new[row.code][1], start=1)
        ]
    )
    return {row.code: row for row in Dimension.objects.all()}


def _load_project(project: Project, dimensions: dict[str, Dimension]) -> int:
    measures, identities = of_project(project.programme.code, project.code)
    there = set(Kpi.objects.filter(project=project).values_list("code", flat=True))
    new = {f"{project.code}-{m.nn}": m for m in measures if f"{project.code}-{m.nn}" not in there}
    kpis = Kpi.objects.bulk_create([Kpi(project=project, code=code) for code in sorted(new)])
    first_day = project.programme.first_day
    versions = KpiVersion.objects.bulk_create(
        [KpiVersion(kpi=kpi, from_date=first_day, **_fields(new[kpi.code])) for kpi in kpis]
    )
    offered = KpiVersion.dimensions.through
    offered.objects.bulk_create(
        [
            offered(kpiversion=version, dimension=dimensions[code])
            for version in versions
            for code in new[version.kpi.code].by
        ]
    )
    _load_identities(project, identities)
    return len(new)


def _fields(measure: Measure) -> dict[str, object]:
    return {
        "number": 1,
        "name": measure.name,
        "definition": measure.definition,
        "unit": measure.unit,
        "kind": measure.kind,
        "section": measure.section,
        "direction": measure.direction,
        "scaled": measure.scaled,
        "window_months": measure.window,
        "low": measure.low,
        "high": measure.high,
        "numerator_codes": measure.numerator,
        "denominator_codes": measure.denominator,
        "sensitive": measure.sensitive,
        "balancing": measure.balancing,
        "reason": "The board’s catalogue",
    }


def _load_identities(project: Project, identities: Iterable[Row]) -> None:
    there = set(Identity.objects.filter(project=project).values_list("code", flat=True))
    Identity.objects.bulk_create(
        [
            Identity(project=project, code=code, words=words, terms=terms, relation=relation, blocking=blocking)
            for code, words, terms, relation, blocking in identities
            if code not in there
        ]
    )
