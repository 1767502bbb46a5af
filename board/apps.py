"""The board app."""

from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "board"
    verbose_name = "Partnership"

    def ready(self) -> None:
        from board import signing_in

        signing_in.listen()
