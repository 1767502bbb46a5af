"""What `manage.py check --deploy` asks beyond the framework's own questions."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

PRINTED = "django.core.mail.backends.console.EmailBackend"


@register(Tags.security, deploy=True)
def mail_goes_somewhere(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """A forgotten password is mended by mail, so that mail must not only be printed."""
    if settings.EMAIL_BACKEND != PRINTED:
        return []
    words = "Mail is printed and goes nowhere, so that nobody can set a new password."
    return [Warning(words, hint="Set EMAIL_URL, e.g. smtp+tls://user:password@host:587.", id="config.W001")]
