"""What the check before a deployment asks for."""

import pytest

from config.checks import mail_goes_somewhere


@pytest.mark.parametrize(("backend", "asked"), [("console", ["config.W001"]), ("smtp", [])])
def test_a_deployment_is_asked_where_its_mail_goes(settings: object, backend: str, asked: list[str]) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert [message.id for message in mail_goes_somewhere(None)] == asked
