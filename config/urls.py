"""Where every address leads."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import deputies, views
from contracts.contracting import Above
from contracts.urls import addresses as contract_addresses
from funding.rules import worth_covers_what_is_bound
from funding.spending import release_under
from funding.urls import addresses as money_addresses
from funding.views.contract import spend_link
from kpis.milestones import standing_of
from kpis.urls import addresses as results_addresses
from returns.views.shared import return_link, return_url

# The administration pages are entered through the one sign-in page, with its limits and second factor.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)

handler400 = "config.views.bad_request"
handler500 = "config.views.server_error"

# What money says of a contract's new terms: what is bound stays covered, and what waited for them is released.
ABOVE_CONTRACTS = Above(rules=(worth_covers_what_is_bound,), after=(release_under,))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.Front.as_view(), name="front"),
    path("role/", views.SwitchRole.as_view(), name="switch-role"),
    path("programmes/<str:code>/", views.ProgrammePage.as_view(), name="programme"),
    path("deputies/", deputies.DeputyList.as_view(), name="deputies"),
    path("deputies/name/", deputies.NameDeputy.as_view(), name="name-deputy"),
    path("deputies/<str:reference>/", deputies.DeputyPage.as_view(), name="deputy"),
    path("deputies/<str:reference>/authority/", deputies.Authority.as_view(), name="deputy-authority"),
    path("deputies/<str:reference>/withdraw/", deputies.WithdrawDeputy.as_view(), name="withdraw-deputy"),
    path("record/", views.EventList.as_view(), name="events"),
    path("healthz", views.healthz, name="healthz"),
    path("money/", include(money_addresses(claim_links=(return_link,)))),
    path(
        "contracts/",
        include(
            contract_addresses(more_links=(spend_link,), above=ABOVE_CONTRACTS, milestone_standing=standing_of),
        ),
    ),
    path("results/", include(results_addresses(return_url=return_url))),
    path("returns/", include("returns.urls")),
    # A sign-in address is the administrator's to change, so that nobody takes another's.
    path("accounts/email/", views.not_here, name="account_email"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
