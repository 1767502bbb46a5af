"""The demonstration's results as data: eight quarters, invented, told so that they balance.

The first quarter is slow because the award was confirmed five days before it began; the stalking
pilot's numbers are small, so that the board's tables show what is hidden.
"""

# The series read as tables.
# ruff: noqa: E501

from collections.abc import Sequence
from dataclasses import dataclass

Weights = dict[str, int]

AREA: Weights = {"essex": 74, "southend": 15, "thurrock": 10, "not-known": 1}
GENDER: Weights = {"male": 82, "female": 15, "other": 1, "not-known": 2}
AGE: Weights = {
    "16-17": 2,
    "18-24": 17,
    "25-34": 33,
    "35-44": 27,
    "45-54": 13,
    "55-64": 5,
    "65-plus": 1,
    "not-known": 2,
}
SOURCE: Weights = {
    "self": 31, "police": 22, "probation": 6, "childrens-social-care": 21, "adult-social-care": 2, "marac": 4,
    "health": 4, "education": 1, "housing": 2, "victim-service": 3, "voluntary": 2, "courts": 1, "not-known": 1,
}  # fmt: skip
NOT_ACCEPTED: Weights = {
    "unsuitable-risk": 20,
    "mandated": 18,
    "no-consent": 14,
    "out-of-area": 8,
    "no-contact": 28,
    "declined": 12,
}
CLOSURE: Weights = {"disengaged": 46, "removed": 9, "withdrew": 20, "custody": 9, "moved": 11, "other": 5}
LEVEL: Weights = {"level-1": 52, "level-2": 33, "level-3": 15}
RELATIONSHIP: Weights = {"ex-partner": 78, "current": 6, "other": 16}
ROUTE: Weights = {"conditional-caution": 68, "community-resolution": 26, "voluntary": 6}
YOUTH_AGE: Weights = {"10-12": 16, "13-15": 56, "16-18": 28}
FORM: Weights = {"group": 78, "one-to-one": 22}
CHANNEL: Weights = {"social-media": 66, "posters": 12, "film": 14, "search": 8}
VICTIM_GENDER: Weights = {"female": 91, "male": 7, "not-known": 2}
RISK: Weights = {"standard": 34, "medium": 45, "high": 21}


@dataclass(frozen=True)
class Service:
    """A service with a caseload: eight quarters of what cannot be worked out from the rest."""

    code: str
    opening: int
    referrals: Sequence[int]
    not_accepted: Sequence[int]
    withdrawn: Sequence[int]
    pending: Sequence[int]
    starts: Sequence[int]
    reopened: Sequence[int]
    completions: Sequence[int]
    others_closed: Sequence[int]

    def awaiting_before(self, at: int) -> int:
        return self.pending[at - 1] if at else 0

    def accepted(self, at: int) -> int:
        """What the referral identity leaves."""
        received = self.awaiting_before(at) + self.referrals[at]
        return received - self.not_accepted[at] - self.withdrawn[at] - self.pending[at]

    def caseload(self, at: int) -> int:
        """Open at the end of a quarter; before the first (-1) the opening caseload."""
        if at < 0:
            return self.opening
        closed = self.completions[at] + self.others_closed[at]
        return self.caseload(at - 1) + self.starts[at] + self.reopened[at] - closed

    def people(self, at: int) -> tuple[int, int, int]:
        """Different people in the quarter, the year and the programme so far."""
        quarter = self.caseload(at - 1) + self.starts[at] + self.reopened[at]
        first = at // 4 * 4
        year = self.caseload(first - 1) + self.reopened[first] + sum(self.starts[first : at + 1])
        return quarter, year, self.opening + self.reopened[0] + sum(self.starts[: at + 1])


CHANGE_HUB = Service(
    "CHB", 21,
    referrals=[38, 61, 66, 64, 72, 75, 70, 74],
    not_accepted=[8, 12, 13, 12, 14, 15, 13, 14],
    withdrawn=[2, 3, 3, 4, 3, 4, 3, 4],
    pending=[7, 9, 10, 8, 11, 10, 9, 10],
    starts=[18, 34, 38, 37, 42, 44, 41, 43],
    reopened=[0, 1, 1, 2, 1, 2, 1, 2],
    completions=[6, 12, 16, 19, 21, 24, 22, 25],
    others_closed=[7, 12, 14, 15, 16, 17, 17, 18],
)  # fmt: skip
STALKING = Service(
    "SIS", 0,
    referrals=[5, 9, 11, 10, 12, 13, 11, 12],
    not_accepted=[1, 2, 3, 2, 3, 3, 2, 3],
    withdrawn=[0, 1, 0, 1, 1, 0, 1, 1],
    pending=[1, 2, 2, 1, 2, 2, 1, 2],
    starts=[2, 4, 6, 7, 6, 8, 8, 7],
    reopened=[0, 0, 0, 0, 0, 0, 0, 0],
    completions=[0, 1, 3, 4, 5, 5, 6, 6],
    others_closed=[0, 1, 2, 2, 2, 3, 2, 2],
)  # fmt: skip
FIRST_TIME = Service(
    "PIP", 0,
    referrals=[12, 24, 28, 30, 32, 34, 33, 35],
    not_accepted=[2, 3, 4, 4, 4, 5, 4, 5],
    withdrawn=[0, 1, 1, 1, 1, 1, 1, 2],
    pending=[2, 3, 3, 2, 3, 3, 2, 3],
    starts=[6, 16, 21, 24, 24, 26, 27, 25],
    reopened=[0, 0, 0, 0, 0, 0, 0, 0],
    completions=[3, 10, 14, 17, 18, 19, 20, 19],
    others_closed=[2, 4, 5, 6, 6, 6, 6, 5],
)  # fmt: skip


@dataclass(frozen=True)
class Mentoring:
    """A youth project: referred, started, of which already in an abusive relationship, completed."""

    code: str
    referred: Sequence[int]
    started: Sequence[int]
    already: Sequence[int]
    completed: Sequence[int]
    groups: Sequence[int]
    settings: Sequence[int]


GOODMAN = Mentoring(
    "GDM",
    referred=[14, 32, 36, 30, 38, 28, 40, 42],
    started=[10, 26, 30, 26, 31, 24, 34, 36],
    already=[3, 7, 8, 7, 9, 6, 9, 10],
    completed=[6, 18, 24, 22, 25, 20, 28, 30],
    groups=[2, 4, 5, 4, 5, 4, 5, 6],
    settings=[2, 4, 5, 4, 5, 4, 6, 6],
)
SISTERS = Mentoring(
    "SIN",
    referred=[11, 25, 29, 27, 31, 24, 33, 34],
    started=[8, 20, 24, 23, 26, 19, 28, 29],
    already=[3, 8, 9, 9, 10, 7, 11, 11],
    completed=[5, 14, 19, 19, 21, 16, 23, 24],
    groups=[2, 3, 4, 4, 4, 3, 5, 5],
    settings=[2, 3, 4, 4, 4, 3, 5, 5],
)

VICTIMS_REFERRED = [20, 34, 38, 36, 41, 43, 42, 44]
VICTIMS_SUPPORTED = [(16, 16, 16), (36, 44, 44), (45, 70, 70), (49, 96, 96), (54, 54, 128), (59, 86, 160), (61, 116, 190), (63, 146, 220)]  # fmt: skip
CHILDREN_SUPPORTED = [(9, 9, 9), (19, 25, 25), (24, 40, 40), (26, 56, 56), (28, 28, 72), (31, 47, 91), (33, 64, 108), (34, 81, 125)]  # fmt: skip

IMPRESSIONS = [0, 186_000, 541_300, 212_450, 208_900, 602_700, 655_120, 240_380]
REACH = [(0, 0, 0), (61_200, 61_200, 61_200), (148_900, 176_400, 176_400), (70_300, 189_700, 189_700),
         (69_100, 69_100, 203_800), (160_500, 188_300, 268_100), (171_800, 231_900, 301_500), (78_200, 243_600, 311_900)]  # fmt: skip
CLICKS = [0, 1_710, 5_220, 2_030, 1_980, 5_960, 6_410, 2_290]
VISITS = [40, 1_480, 4_410, 1_790, 1_720, 5_030, 5_380, 1_960]

INTERVIEWS = [0, 6, 14, 10, 12, 16, 11, 4]
SURVEYS = [0, 18, 42, 37, 40, 51, 38, 15]
DATA_SETS = [(2, 5), (3, 5), (4, 5), (4, 5), (5, 5), (4, 5), (5, 5), (4, 5)]

POLICE_PANEL = [6, 9, 11, 12, 12, 14, 13, 13]
ORDERS_INTERIM = [0, 1, 1, 2, 1, 2, 2, 1]
ORDERS_FULL = [0, 1, 2, 2, 2, 3, 2, 2]
IDENTIFIED = [19, 33, 38, 41, 43, 46, 44, 48]
OFFERED = [14, 27, 31, 34, 36, 38, 37, 40]
CONSULTED = [11, 23, 27, 30, 31, 34, 33, 35]
VICTIMS_OFFERED = [11, 22, 26, 29, 30, 33, 32, 34]
# Numerator by entry quarter: found again as suspect within 6 and 12 months, or further stalking contact.
AGAIN_6 = {"CHB": [2, 4, 5, 5, 5, 5, 0, 0], "SIS": [0, 1, 1, 1, 1, 1, 0, 0], "PIP": [1, 2, 2, 3, 2, 3, 0, 0]}
AGAIN_12 = {"CHB": [3, 6, 7, 7, 0, 0, 0, 0], "PIP": [1, 3, 3, 4, 0, 0, 0, 0]}
CONTACT_6 = [0, 1, 2, 1, 1, 2, 0, 0]

MEETINGS = [1, 1, 2, 1, 1, 1, 2, 1]
RISKS = [6, 8, 9, 9, 10, 10, 11, 10]
# Of last quarter's submissions: eleven duties, twelve from the third quarter on.
ON_TIME = [(0, 0), (11, 11), (11, 11), (10, 12), (12, 12), (12, 12), (12, 12), (12, 12)]

MILESTONES = {
    "EVL": [
        ("inception", "Inception report", "2023-06-30"),
        ("data-sharing", "Data sharing agreement signed", "2023-09-29"),
        ("interim", "Interim report", "2024-05-31"),
        ("draft", "Draft final report", "2025-01-31"),
        ("final", "Final report", "2025-03-31"),
    ],
    "RFL": [
        ("brief", "Campaign brief agreed", "2023-07-31"),
        ("burst-1", "First burst, autumn 2023", "2023-11-24"),
        ("burst-2", "Second burst, summer 2024", "2024-07-19"),
        ("burst-3", "Third burst, autumn 2024", "2024-11-25"),
        ("survey", "Recall survey", "2025-03-14"),
    ],
}
# Met, or (Quarter -> new forecast) while it slips.
MET = {
    "inception": "2023-07-14", "data-sharing": "2023-10-20", "interim": "2024-06-28", "draft": "2025-02-14",
    "brief": "2023-07-28", "burst-1": "2023-11-24", "burst-2": "2024-07-19", "burst-3": "2024-11-25",
    "survey": "2025-03-14",
}  # fmt: skip
FORECAST = {"inception": "2023-07-14", "data-sharing": "2023-10-20", "final": "2025-04-30"}

PROGRESS = {
    "CHB": "The team was at full strength and kept the time from acceptance to the first session short. Group work "
    "ran in two places, and one-to-one sessions were offered by video to those who work shifts. Partners and "
    "ex-partners were offered support from the day of the first contact.",
    "SIS": "Cases were worked jointly with the stalking intervention panel. Each person had a psychologically informed "
    "assessment before the first session, and the advocate kept the victim informed throughout, whatever was "
    "decided about the perpetrator.",
    "PIP": "Workshops ran every month in two places. Officers offered places at the time of the disposal, and the "
    "provider confirmed each place within five working days. Attendance at the second part remained good.",
    "GDM": "Five-week groups ran in schools and youth centres, with one-to-one mentoring where a group did not suit. "
    "Teachers told us that the sessions on respect and consent were asked for again by other year groups.",
    "SIN": "Groups ran in schools and youth centres. Young women spoke openly about control in their own relationships, "
    "and mentors helped several of them to reach a trusted adult or a specialist service.",
    "VIC": "Every victim linked to a person on a programme was offered support, and told what the programme is and is "
    "not. Safety plans were reviewed after each change of risk. Children were seen with a specialist worker.",
    "RFL": "The campaign ran on social media, on posters in stations and surgeries, and as a short film. Messages were "
    "tested with people who had used the service, and the landing page leads to The Change Hub in one step.",
    "EVL": "Fieldwork went on with interviews of people on programmes, victims and professionals. Providers were helped "
    "to supply their data sets, and early findings were shared with the commissioning officers each quarter.",
    "PGM": "The board met and reviewed the risk register. Contract reviews were held with each provider, and the "
    "returns to the Home Office were prepared, checked and certified in time.",
}
SLOW_START = (
    "The award was confirmed five days before the quarter began. Posts were advertised at once, but staff were in place "
    "only from June, so this quarter is slow. Referrals that could not wait were taken by the existing team."
)
BARRIERS = (
    "Waiting rooms and group rooms in the north of the county are hard to find at the times when people can come. "
    "A shared list of public rooms that can be used free of charge would help every provider here."
)
