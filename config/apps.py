"""The front floor as an application."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Loads the checks of what production must name."""

    name = "config"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401
