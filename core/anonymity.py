"""Whether a text may tell who somebody is: hints for the person who wrote it, never a verdict. Pure.

It says what kinds of thing a text seems to hold and nothing of what they are, so that no page, log or table repeats a
name. It finds what has a shape (an address, a number) and names as they are mostly written: after a title, after
"called" or "named", a first name, or two words with capitals that are neither at the start of a sentence nor places,
bodies, months or the like. A rare name that stands alone is missed: people read the text as well.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from core.problems import Problem

NAME = "a name"
BIRTH = "a date of birth"
POSTCODE = "a postcode"
TELEPHONE = "a telephone number"
EMAIL = "an e-mail address"
NHS = "an NHS number"
INSURANCE = "a National Insurance number"
CRIME = "a crime reference"

# Somebody born later than this would be too young for any service here, and a later date is mostly one of work.
_YOUNGEST = 2015

# It begins where the run of its signs begins: tried from each sign of a very long word, it would stop the server.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.\w+")
_TELEPHONE = re.compile(r"(?<![\d/.,£])(?:\+44[ -]?(?:\(0\))?|0)(?:[ -]?\d){9,10}(?![\d/])")
_POSTCODE = re.compile(
    r"\b(?:[A-PR-UWYZ]\d{1,2}|[A-PR-UWYZ][A-HK-Y]\d{1,2}|[A-PR-UWYZ][A-HK-Y]?\d[A-HJKMNPR-Y])"
    r" ?\d[ABD-HJLNP-UW-Z]{2}\b",
    re.IGNORECASE,
)
_TEN_DIGITS = re.compile(r"(?<![\d/.,£-])(\d{3})[ -]?(\d{3})[ -]?(\d{4})(?![\d/])")
_INSURANCE = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d\d){3} ?[A-D]\b", re.IGNORECASE)
_CRIME = re.compile(
    r"\b\d{2}/\d{4,7}/\d{2}\b|\bcrime (?:ref(?:erence)?|number|no)\b[.:]?(?: (?:is|was))? ?[\w/-]*\d{4,}", re.IGNORECASE
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:[/.-]\d{{1,2}}[/.-]|(?:st|nd|rd|th)? (?:{_MONTHS}),? )(?P<year>(?:19|20)\d{{2}}|\d{{2}})\b",
    re.IGNORECASE,
)
_BORN = re.compile(r"(?:\bborn(?: on)?|\bd\.?o\.?b\.?|\bdate of birth)\W{0,4}(?:is |was )?$", re.IGNORECASE)

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Sgt|DC|DS|PC)\.? [A-Z][a-z’'-]+")
_CALLED = re.compile(r"\b(?:called|named|known as) (?P<word>[A-Z][a-z’'-]+)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# First names common in England and Wales that are no other word, so that one alone is a hint.
FIRST_NAMES = _words(
    """
    adam adrian aisha alan alex alexander alice alison amanda amelia amy andrea andrew angela anita ann anna anne
    anthony barbara ben benjamin beth bethany brian bradley callum cameron carl carol caroline catherine charlie
    charlotte chelsea chloe christine christopher claire clare colin connor craig daniel danielle darren dave david
    dawn dean deborah dennis denise derek diane donna dylan edward eleanor elizabeth ellie emily emma eric ethan evie
    fatima fiona gareth gary gavin gemma geoffrey george gillian graham greg hannah harry hayley heather helen henry
    holly ian isabella isla jack jacob jacqueline jade james jamie jane janet janice jason jean jennifer jenny jeremy
    jessica jill joan joanne joe john jonathan jordan joseph joshua joyce judith julia julie karen kate katherine
    kathleen katie kayleigh keith kelly kenneth kerry kevin kieran kim kirsty kyle laura lauren leanne lee leon
    lesley lewis liam linda lindsey lisa liz louise lucy luke lynn lynne malcolm margaret maria marie martin mary
    matthew megan melanie michael michelle mohammed mohammad muhammad natalie natasha nathan neil nicola nigel
    oliver olivia owen pamela patricia paul paula pauline peter philip rachel raymond rebecca richard robert robin
    roger ronald rosemary ross russell ruth ryan sally samantha samuel sandra sara sarah scott sean shannon sharon
    shaun sheila shirley simon sophie stacey stephanie stephen steven stuart susan suzanne sylvia terence teresa
    theresa thomas tina toby tom tony tracey tracy trevor valerie vanessa victoria vincent wayne wendy william yvonne
    zara zoe
    """
)

# Words that stand with a capital and are nobody: days, months, places, bodies, roles, and words of this work.
KNOWN_WORDS = _words(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december spring summer autumn winter christmas easter ramadan eid diwali bank holiday
    new year

    essex southend southend-on-sea thurrock basildon billericay wickford braintree witham halstead brentwood castle
    point canvey island benfleet hadleigh chelmsford colchester epping forest harlow loughton waltham abbey maldon
    burnham rochford rayleigh tendring clacton clacton-on-sea jaywick harwich frinton walton uttlesford saffron
    walden dunmow stansted grays tilbury ockendon corringham stanford-le-hope purfleet hope london england wales
    britain united kingdom kent suffolk norfolk hertfordshire cambridgeshire north south east west mid eastern
    western northern southern central greater great the city county borough district town road street house sea
    english welsh scottish irish british polish romanian bengali urdu punjabi arabic somali

    act adult advocate advocacy agency alcohol alliance area assembly assessment association authority awareness
    behaviour board case centre change charity child children clinic college commissioner commissioning committee
    common community completion conference constabulary contract council counsellor court criminal crisis crown
    custody data day director domestic abuse drive drug early education employment enforcement equality ethnic
    evaluation family fire first forum foundation friend fund funding gender general good goodman government grant
    group health help hidden high home homes hospital hostel housing hub impact independent information initiative
    institute intervention interventions investigation joint justice key lead league learning level life line list
    local magistrates manager marac matac mental mentor metropolitan ministry multi-agency national network nhs
    night offender office officer operation order outreach panel parish parole partner partnership partnerships
    pathway peer perpetrator phase phone pilot pipa plan police policy poster practice practitioner premier
    pregnancy prevention primary prison probation programme project protection protocol psychology public quarter
    recovery reflect refuge region register relationship relationships relate respect response review right rights
    risk royal safe safeguarding safer safety scheme school sector secondary secretary section senior service
    services sexual sisters social society source specialist stage stalking standard standards state statement
    steering step strategic strategy strength suite support survey survivor survivors synergy system task team
    tonic training trust trustee trustees unit university universities victim victims violence voluntary volunteer
    ward website week welfare women working workshop world young youth zone open access single

    i i’m i’ve a an and of in on at to for with by from our we they he she it this that these those all some
    """
)
# A word that begins a sentence, a heading or a point of a list has its capital for that.
_BEFORE_A_SENTENCE = frozenset(".!?:;\n\r•–—(“‘\"'[*/-")
# How far back it is looked for what a word or a day follows.
_BACK = 40
_NAME_LIKE = re.compile(r"[A-Z][a-zà-öø-ÿ’'-]+[a-zà-öø-ÿ]")


def hints(text: str, *, known: Collection[str] = ()) -> tuple[str, ...]:
    """What kinds of thing the text seems to hold by which somebody could be known, in a fixed order.

    `known`: names of projects and bodies, whose words are nobody's name here.
    """
    return tuple(kind for kind, found in _found(text, known) if found)


def in_words(kinds: Sequence[str]) -> str:
    """ "a name, a postcode and an e-mail address"."""
    return " and ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))


def warnings(text: str, *, known: Collection[str] = ()) -> list[Problem]:
    """What to say to somebody whose words have been taken as they are; empty where there is nothing to say."""
    if not (kinds := hints(text, known=known)):
        return []
    words = (
        f"What you wrote seems to hold {in_words(kinds)}. Read it again, and take out whatever tells who somebody is."
    )
    return [Problem("K17", words, False)]


def _found(text: str, known: Collection[str]) -> Iterator[tuple[str, bool]]:
    yield NAME, _names_somebody(text, known)
    yield BIRTH, _has_date_of_birth(text)
    yield POSTCODE, bool(_POSTCODE.search(text))
    yield TELEPHONE, bool(_TELEPHONE.search(text))
    yield EMAIL, bool(_EMAIL.search(text))
    yield NHS, any(_is_nhs_number("".join(match.groups())) for match in _TEN_DIGITS.finditer(text))
    yield INSURANCE, bool(_INSURANCE.search(text))
    yield CRIME, bool(_CRIME.search(text))


def _has_date_of_birth(text: str) -> bool:
    """A day that is called one, or lies so far back that it can hardly be another."""
    for match in _DATE.finditer(text):
        year = match["year"]
        if _BORN.search(text[max(0, match.start() - _BACK) : match.start()]) or (
            len(year) == 4 and int(year) <= _YOUNGEST
        ):
            return True
    return False


def _is_nhs_number(digits: str) -> bool:
    """Whether the tenth digit is the check digit of the other nine, modulo 11."""
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return check != 10 and int(digits[9]) == check % 11


def _names_somebody(text: str, known: Collection[str]) -> bool:
    nobody = KNOWN_WORDS | {word.lower() for name in known for word in _WORD.findall(name)}
    if _TITLED.search(text):
        return True
    if any(_bare(match["word"]) not in nobody for match in _CALLED.finditer(text)):
        return True
    before = None
    for match in _WORD.finditer(text):
        word, plain = match.group(), _bare(match.group())
        if not _NAME_LIKE.fullmatch(word) or plain in nobody:
            before = None
            continue
        if plain in FIRST_NAMES:
            return True
        # Two in a row, of which the first does not merely begin a sentence.
        if before is not None and text[before.end() : match.start()] == " ":
            return True
        before = None if _begins_a_sentence(text, match.start()) else match
    return False


def _begins_a_sentence(text: str, at: int) -> bool:
    ahead = text[max(0, at - _BACK) : at].rstrip(" \t\u00a0")
    return not ahead or ahead[-1] in _BEFORE_A_SENTENCE


def _bare(word: str) -> str:
    """The word without its genitive, in small letters."""
    return re.sub(r"[’']s?$", "", word).lower()
