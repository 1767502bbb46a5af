"""The addresses of contracts."""

from collections.abc import Sequence

from django.urls import URLPattern, path

from contracts import views

app_name = "contracts"


def addresses(more_links: Sequence[views.MoreLink] = ()) -> tuple[list[URLPattern], str]:
    """The patterns, with the links into higher floors that a contract's page may show; for include()."""
    return [
        path("", views.ContractList.as_view(), name="contracts"),
        path("<str:reference>/", views.ContractPage.as_view(more_links=more_links), name="contract"),
    ], app_name
