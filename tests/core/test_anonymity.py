"""What may tell who somebody is, is hinted at; what merely looks like it is not. No hint repeats what was found."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import anonymity
from core.anonymity import BIRTH, CRIME, EMAIL, INSURANCE, NAME, NHS, POSTCODE, TELEPHONE, hints

SAFE = "The team was at full strength and kept waiting times short."
PROJECTS = ("The Change Hub", "Goodman", "Sisters in Strength", "Project PIPA", "Specialist Intervention Service")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We met Sarah twice.", NAME),
        ("Sarah came every week.", NAME),
        ("She lives with Mr Okonkwo.", NAME),
        ("DC Jones took part in the panel.", NAME),
        ("A boy called Tyrone came to the group.", NAME),
        ("Her brother, known as Dwayne, was present.", NAME),
        ("The worker saw Kwame Asante in Harlow.", NAME),
        ("The mother of David’s son asked for help.", NAME),
        ("He was born 03/04/1985.", BIRTH),
        ("DOB: 3.4.85", BIRTH),
        ("Date of birth 12 May 2019", BIRTH),
        ("The client (14 March 1991) attended.", BIRTH),
        ("She lives in CM2 6DA.", POSTCODE),
        ("He moved to ss1 1bb in May.", POSTCODE),
        ("Flat 2, RM17 6SL", POSTCODE),
        ("EC1A 1BB was visited.", POSTCODE),
        ("Call 01245 491491.", TELEPHONE),
        ("Her number is 07700 900123", TELEPHONE),
        ("+44 7700 900123", TELEPHONE),
        ("Write to a.person@example.org.", EMAIL),
        ("The NHS number is 943 476 5919.", NHS),
        ("9434765919", NHS),
        ("NI number QQ 12 34 56 C is not valid but AB 12 34 56 C is.", INSURANCE),
        ("ab123456c", INSURANCE),
        ("See 42/123456/23.", CRIME),
        ("Crime reference: EP-20240311", CRIME),
    ],
)
def test_what_may_tell_who_somebody_is_is_hinted_at(text: str, kind: str) -> None:
    assert kind in hints(text, known=PROJECTS)


@pytest.mark.parametrize(
    "text",
    [
        SAFE,
        "In March and April the Change Hub moved from Basildon to Southend-on-Sea.",
        "From January to June, May being the best month, starts rose in Castle Point and Epping Forest.",
        "Goodman and Sisters in Strength ran groups in Saffron Walden, Great Dunmow and Canvey Island.",
        "Project PIPA and Reflect met with Essex Police, Children’s Social Care and the Probation Service.",
        "The Specialist Intervention Service saw 12 cases.",
        "Referrals from MARAC and MATAC rose; the Southend, Essex and Thurrock Domestic Abuse Board was told.",
        "Level 1 and Level 2 groups ran on Monday and Thursday evenings at Chelmsford City Council.",
        "TONIC interviewed 12 professionals. The Home Office was informed on 3 April 2024.",
        "Meeting of 12/03/2024: the panel agreed to 14 actions.",
        "We spent £12,345.67 on 1,234,567 impressions and 0.5 FTE.",
        "In Q4 2024-25 we had 38 starts, 2 of 19 clinics closed.",
        "Respect Young People Service accredited the programme at Essex County Council.",
        "Training: Trauma and Attachment was offered. Learning: Early contact helps.",
        "Impressions 1234567890 and 0 complaints in 2023/24.",
        "The First-time offenders’ workshops in Harlow and Thurrock began in Autumn 2023.",
        "Women’s Aid’s survey",
        "",
    ],
)  # fmt: skip
def test_months_places_projects_and_bodies_are_nobodys_names(text: str) -> None:
    assert hints(text, known=(*PROJECTS, "Women’s Aid", "Trauma", "Attachment")) == ()


def test_names_of_the_programmes_own_projects_are_handed_in() -> None:
    text = "Young people spoke well of Brightwater Lantern all year."
    assert hints(text) == (NAME,)
    assert hints(text, known=["Brightwater Lantern"]) == ()


def test_a_hint_never_repeats_what_was_found() -> None:
    found = hints("Sarah, born 03/04/1985, CM2 6DA, 01245 491491, a.person@example.org")
    assert found == (NAME, BIRTH, POSTCODE, TELEPHONE, EMAIL)


_PLAIN = st.lists(
    st.sampled_from(
        [
            "the", "team", "kept", "waiting", "times", "short", "in", "March", "May", "Harlow", "Southend", "Essex",
            "Police", "and", "Reflect", "saw", "12", "of", "40", "people,", "Basildon", "Goodman", "(Q2)", "£1,250",
            "38%", "2023-24", "MARAC", "Monday", "more.", "The", "Change", "Hub", "completed", "Level", "1;",
        ]
    ),
    max_size=40,
).map(" ".join)  # fmt: skip
_PLANTED = st.sampled_from(
    [
        ("sarah@example.org", EMAIL), ("CM2 6DA", POSTCODE), ("07700 900123", TELEPHONE), ("943 476 5919", NHS),
        ("AB 12 34 56 C", INSURANCE), ("42/123456/23", CRIME), ("born 3 May 2001", BIRTH), ("Mrs Adeyemi", NAME),
    ]
)  # fmt: skip


@given(_PLAIN)
def test_plain_words_of_the_work_hint_at_nobody(text: str) -> None:
    assert hints(text) == ()


@given(before=_PLAIN, planted=_PLANTED, after=_PLAIN)
def test_what_is_planted_is_found_wherever_it_stands(before: str, planted: tuple[str, str], after: str) -> None:
    thing, kind = planted
    assert kind in hints(f"{before}, {thing}, {after}")


@given(st.text(max_size=200))
def test_any_text_is_read_and_gives_known_kinds_once_each(text: str) -> None:
    found = hints(text)
    every = (NAME, BIRTH, POSTCODE, TELEPHONE, EMAIL, NHS, INSURANCE, CRIME)
    assert list(found) == [kind for kind in every if kind in found]


def test_a_long_text_is_read_in_no_time() -> None:
    """Each word looks back a little way and not to the beginning."""
    began = time.perf_counter()
    assert hints("we saw Brightwater in may. " * 40_000) == ()
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("sign", ["a", "1", "-1", ".a", "_"])
def test_a_word_without_an_end_is_read_in_no_time(sign: str) -> None:
    began = time.monotonic()
    hints(sign * 100_000)
    # Where each sign is tried as the beginning of an address, this takes half a minute.
    assert time.monotonic() - began < 5


def test_first_names_are_no_words_of_the_work() -> None:
    assert not anonymity.FIRST_NAMES & anonymity.KNOWN_WORDS
