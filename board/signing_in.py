"""Sign-ins on record: who came in, what failed, and who changed how they sign in.

An address that belongs to no account is not kept: people type passwords into that box.
"""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as second_factor
from django.contrib.auth.signals import user_login_failed
from django.dispatch import Signal

from board import events
from board.models import User

# What allauth tells, and as which act it stands on record.
TOLD: dict[Signal, str] = {
    account.user_logged_in: "sign-in",
    account.password_changed: "sign-in.password-change",
    account.password_reset: "sign-in.password-reset",
    second_factor.authentication_failed: "sign-in.second-factor-failed",
    second_factor.authenticator_added: "sign-in.second-factor-add",
    second_factor.authenticator_removed: "sign-in.second-factor-remove",
    second_factor.authenticator_reset: "sign-in.second-factor-reset",
}


def listen() -> None:
    """Connect the record to what tells of sign-ins; called once, when the system starts."""
    for signal, act in TOLD.items():
        signal.connect(_put_on_record, dispatch_uid=act)
    user_login_failed.connect(_failed, dispatch_uid="sign-in.failed")


def _put_on_record(signal: Signal, user: User, **told: Any) -> None:
    events.record(TOLD[signal], f"user {user.pk}", by=user, programme=None)


def _failed(credentials: dict[str, Any], **told: Any) -> None:
    typed = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email__iexact=typed).first() if typed else None
    if user is not None:
        events.record("sign-in.failed", f"user {user.pk}", by=None, programme=None)
