"""What becomes of the demonstration's contracts: options, checks, an issue, a late extension, a signature awaited."""

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from board import clock
from board.files import store
from board.models import Milestone, Programme, User
from config.demo.evidence import ILLUSTRATIVE, pdf_of
from contracts import checking, contracting, extending, filing, following
from contracts.models import Check, Contract, ContractFile
from core.money import NOUGHT

People = dict[str, User]
OFFICER = "Commissioning officer, PFCC"
NEXT_END = date(2026, 3, 31)

# Contract, what, more exactly, reference, checked, holds until; a second one of the same renews the first.
CHECKS = (
    ("CHB-2023", Check.What.SAFEGUARDING, "Policy and training", "SG-0231", date(2024, 10, 1), date(2025, 9, 30)),
    ("CHB-2023", Check.What.INSURANCE, "Public liability", "PL-88120", date(2023, 4, 26), date(2024, 4, 25)),
    ("CHB-2023", Check.What.INSURANCE, "Public liability", "PL-90417", date(2024, 4, 26), date(2025, 4, 25)),
    ("CHB-2023", Check.What.DATA_PROTECTION, "", "DP-5520", date(2025, 1, 16), date(2026, 1, 15)),
    ("SIS-2023", Check.What.INSURANCE, "Professional indemnity", "PI-30015", date(2024, 6, 1), date(2025, 5, 31)),
    ("SIS-2023", Check.What.DATA_PROTECTION, "", "DP-6107", date(2024, 4, 2), date(2025, 4, 1)),
)


def follow(programme: Programme, people: People) -> None:
    """Two contracts carried on, one of them late; what is checked and followed under them; one that is not signed."""
    by = people["commissioning.1"]
    _offer_and_use(_contract("CHB-2023"), by)
    _review(
        _contract("CHB-2023"),
        date(2025, 1, 15),
        "On course. Referrals from two districts come late; an issue is opened.",
        date(2025, 7, 15),
        by,
    )
    _review(
        _contract("SIS-2023"),
        date(2025, 1, 22),
        "On course. Open cases will outlast the contract unless it is extended.",
        date(2025, 5, 1),
        by,
    )
    _check(by)
    _raise_an_issue(_contract("CHB-2023"), by)
    _attach(_contract("CHB-2023"), by)
    _list_milestones(programme, by)
    _extend_late(_contract("SIS-2023"), by)
    _engage_unsigned(programme, by)


def _contract(reference: str) -> Contract:
    return Contract.objects.select_related("programme", "provider").get(reference=reference)


def _offer_and_use(contract: Contract, by: User) -> None:
    """The option of the first agreement, used in time."""
    with clock.at(date(2024, 1, 15)):
        option = extending.offer(
            contract=contract,
            use_by=date(2025, 3, 14),
            ends_on=NEXT_END,
            amount=NOUGHT,
            terms="On the same terms. What the year is worth is agreed with the award of 2025-26.",
            by=by,
        )
    with clock.at(date(2025, 3, 10)):
        extending.use(
            option=option,
            changes={},
            approved_on=date(2025, 3, 7),
            decision_reference="021-25",
            reason="Carries the service on while the award of 2025-26 is confirmed",
            by=by,
        )


def _review(contract: Contract, reviewed_on: date, words: str, next_on: date, by: User) -> None:
    with clock.at(reviewed_on):
        contracting.review(contract=contract, reviewed_on=reviewed_on, words=words, next_on=next_on, by=by)


def _check(by: User) -> None:
    for reference, what, words, certificate, checked_on, expires_on in CHECKS:
        contract = _contract(reference)
        with clock.at(checked_on):
            checking.record_check(
                contract=contract,
                what=what,
                words=words,
                reference=certificate,
                checked_on=checked_on,
                expires_on=expires_on,
                renews=contract.checks.in_force().filter(what=what).first(),
                by=by,
            )


def _raise_an_issue(contract: Contract, by: User) -> None:
    opened = date(2025, 1, 16)
    with clock.at(opened):
        issue = following.open_issue(
            contract=contract,
            words="Referrals from two districts reach the service more than a week after the incident.",
            owner_title=OFFICER,
            opened_on=opened,
            due_on=date(2025, 4, 30),
            by=by,
        )
        _, figures = (
            following.add_action(
                contract=contract, issue=issue, words=words, owner_title=owner, opened_on=opened, due_on=due_on, by=by
            )
            for words, owner, due_on in (
                ("Agree one referral form with the districts.", OFFICER, date(2025, 4, 16)),
                (
                    "Report the days from incident to referral for each district.",
                    "Service manager, The Change Project",
                    date(2025, 2, 28),
                ),
            )
        )
    with clock.at(date(2025, 2, 26)):
        following.complete_action(
            action=figures, closed_on=date(2025, 2, 25), words="Nine days in one district, eleven in the other.", by=by
        )


def _attach(contract: Contract, by: User) -> None:
    """What both parties signed, which the provider sees too, and the officers' own notes."""
    signed = [ILLUSTRATIVE, "Use of option 1", f"{contract.reference}: {contract.title}", "Signed by both parties."]
    notes = [ILLUSTRATIVE, "Notes of the review of 15 January 2025", f"{contract.reference}: {contract.title}"]
    for name, lines, what, shared in (
        ("option 1", signed, ContractFile.What.VARIATION, True),
        ("review", notes, ContractFile.What.MINUTES, False),
    ):
        with clock.at(date(2025, 3, 11)):
            upload = SimpleUploadedFile(f"{contract.reference} {name}.pdf", pdf_of(lines))
            [file] = store(uploads=[upload], by=by).files
            filing.attach(contract=contract, file=file, what=what, shared=shared, confirmed_no_names=True, by=by)


def _list_milestones(programme: Programme, by: User) -> None:
    for reference, project in (("RFL-2023", "RFL"), ("EVL-2023", "EVL")):
        with clock.at(programme.first_day):
            contracting.list_milestones(
                contract=_contract(reference),
                milestones=list(Milestone.objects.filter(project__programme=programme, project__code=project)),
                by=by,
            )


def _extend_late(contract: Contract, by: User) -> None:
    """Approved when the contract had ended, and says why; with an option that waits for a decision."""
    with clock.at(date(2025, 4, 7)):
        contracting.vary(
            contract=contract,
            changes={},
            ends_on=date(2025, 6, 30),
            reason="Three more months for cases that are open",
            effective_on=date(2025, 4, 1),
            approved_on=date(2025, 4, 4),
            decision_reference="034-25",
            retrospective_reason="The letter about the award of 2025-26 came after the contract had ended",
            targets="Open cases alone; no new starts are expected.",
            by=by,
        )
        extending.offer(
            contract=_contract(contract.reference),
            use_by=date(2025, 5, 15),
            ends_on=NEXT_END,
            amount=NOUGHT,
            terms="If the award of 2025-26 covers stalking cases.",
            by=by,
        )


def _engage_unsigned(programme: Programme, by: User) -> None:
    """A contract that has begun while its signature is awaited."""
    evaluation = _contract("EVL-2023")
    with clock.at(date(2025, 3, 24)):
        contracting.engage(
            contract=Contract(
                programme=programme,
                reference="EVL-2025",
                title="Follow-up of the evaluation",
                kind=Contract.Kind.CONTRACT,
                buyer=programme.recipient,
                provider=evaluation.provider,
                owner_title=OFFICER,
                tier=Contract.Tier.BRONZE,
                procurement_route="Direct award",
                starts_on=date(2025, 4, 1),
                ends_on=date(2025, 9, 30),
                notice_days=30,
                review_on=date(2025, 6, 30),
            ),
            values={},
            by=by,
        )
