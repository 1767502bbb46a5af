"""One table: which role may do which act. Rows are narrowed elsewhere, by each `visible_to(user)`."""

from board.models import Organisation, Programme, Role, User

FINANCE = Role.Kind.FINANCE_OFFICER
REPORTER = Role.Kind.KPI_REPORTER
COMMISSIONING = Role.Kind.COMMISSIONING_OFFICER
CFO = Role.Kind.CFO
BOARD = Role.Kind.BOARD_MEMBER
AUDITOR = Role.Kind.AUDITOR
ADMIN = Role.Kind.ADMINISTRATOR

EVERYONE = frozenset(Role.Kind)
MONEY_READERS = frozenset({FINANCE, COMMISSIONING, CFO, AUDITOR})

ACTIONS: dict[str, frozenset[str]] = {
    "front": EVERYONE,
    "role.switch": EVERYONE,
    "programme.read": EVERYONE - {ADMIN},
    "programme.money": MONEY_READERS | {BOARD},
    "deputies.read": frozenset({CFO, COMMISSIONING, AUDITOR}),
    "deputies.name": frozenset({CFO}),
    "events.read": frozenset({AUDITOR, COMMISSIONING, CFO}),
    "contracts.read": frozenset({FINANCE, COMMISSIONING, CFO, AUDITOR, REPORTER}),
    "contracts.write": frozenset({COMMISSIONING}),
    "spending.read": MONEY_READERS,
    "spending.record": frozenset({FINANCE}),
    "spending.declare": frozenset({FINANCE}),
    "reconciling.read": MONEY_READERS,
    "reconciling.record": frozenset({FINANCE}),
    "match.read": MONEY_READERS,
    "match.receive": frozenset({FINANCE}),
    "budget.read": MONEY_READERS,
    "budget.change": frozenset({FINANCE}),
    "budget.approve": frozenset({FINANCE, COMMISSIONING, CFO}),
    "claims.read": MONEY_READERS,
    "claims.receive": frozenset({FINANCE}),
    "ledger.read": frozenset({FINANCE}),
    "imports.read": frozenset({FINANCE, AUDITOR}),
    "results.read": frozenset({REPORTER, COMMISSIONING, CFO, FINANCE, AUDITOR, BOARD}),
    "measures.define": frozenset({COMMISSIONING}),
    "submissions.read": frozenset({REPORTER, COMMISSIONING, AUDITOR}),
    "submissions.fill": frozenset({REPORTER, COMMISSIONING}),
    "submissions.decide": frozenset({COMMISSIONING}),
    "returns.read": frozenset({FINANCE, COMMISSIONING, CFO, AUDITOR}),
    "returns.download": frozenset({FINANCE, COMMISSIONING, CFO, AUDITOR}),
    "files.verify": EVERYONE - {ADMIN},
    "returns.board": frozenset({BOARD}),
    "packs.download": frozenset({FINANCE, COMMISSIONING, CFO, AUDITOR}),
    "samples.read": frozenset({FINANCE, COMMISSIONING, CFO, AUDITOR}),
    "samples.draw": frozenset({AUDITOR}),
    "returns.write": frozenset({FINANCE, COMMISSIONING}),
    "returns.sign": frozenset({FINANCE, COMMISSIONING, CFO}),
    "returns.send": frozenset({FINANCE, COMMISSIONING}),
    "returns.waive": frozenset({COMMISSIONING, CFO}),
    "templates.read": frozenset({FINANCE, COMMISSIONING, AUDITOR}),
    "templates.map": frozenset({FINANCE, COMMISSIONING}),
    "templates.fill": frozenset({FINANCE, COMMISSIONING}),
    "quarters.close": frozenset({COMMISSIONING}),
    "quarters.reopen": frozenset({COMMISSIONING}),
}


def may(user: User, action: str) -> bool:
    """Whether the person's acting role may do an act. KeyError for an act that the table does not know."""
    role = getattr(user, "acting", None)
    return role is not None and role.kind in ACTIONS[action]


def is_of_recipient(user: User, programme: Programme) -> bool:
    """Whether the person acts for the organisation that holds the grant of this programme."""
    role = user.acting
    return role is not None and role.organisation_id == programme.recipient_id


def acting_organisation(user: User) -> Organisation | None:
    """The organisation that the person acts for now."""
    return user.acting.organisation if user.acting else None
