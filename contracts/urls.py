"""The addresses of contracts."""

from collections.abc import Sequence

from django.urls import URLPattern, path

from contracts.contracting import NOTHING_ABOVE, Above
from contracts.views import contract, files, followed, listing, terms

app_name = "contracts"


def addresses(
    more_links: Sequence[contract.MoreLink] = (),
    above: Above = NOTHING_ABOVE,
    milestone_standing: contract.MilestoneStanding | None = None,
) -> tuple[list[URLPattern], str]:
    """The patterns, for include().

    Higher floors hand down the links into them that a contract's page may show, what they say of new terms, and how
    milestones stand by the results.
    """
    one = "<str:reference>/"
    return [
        path("", listing.ContractList.as_view(), name="contracts"),
        path("falls-due/", listing.FallsDue.as_view(), name="falls-due"),
        path("engage/<str:code>/", terms.Engage.as_view(), name="engage"),
        path(
            one,
            contract.ContractPage.as_view(more_links=more_links, milestone_standing=milestone_standing),
            name="contract",
        ),
        path(f"{one}sign/", terms.Sign.as_view(above=above), name="sign"),
        path(f"{one}vary/", terms.Vary.as_view(above=above), name="vary"),
        path(f"{one}extend/", terms.Extend.as_view(above=above), name="extend"),
        path(f"{one}correct/", terms.Correct.as_view(above=above), name="correct"),
        path(f"{one}review/", terms.Review.as_view(), name="review"),
        path(f"{one}milestones/", terms.ChooseMilestones.as_view(), name="milestones"),
        path(f"{one}options/add/", followed.AddOption.as_view(), name="add-option"),
        path(f"{one}options/<int:number>/use/", followed.UseOption.as_view(above=above), name="use-option"),
        path(f"{one}options/<int:number>/decline/", followed.DeclineOption.as_view(), name="decline-option"),
        path(f"{one}issues/add/", followed.AddIssue.as_view(), name="add-issue"),
        path(f"{one}issues/<int:number>/close/", followed.CloseIssue.as_view(), name="close-issue"),
        path(f"{one}actions/add/", followed.AddAction.as_view(), name="add-action"),
        path(f"{one}actions/<int:number>/complete/", followed.CompleteAction.as_view(), name="complete-action"),
        path(f"{one}checks/add/", followed.AddCheck.as_view(), name="add-check"),
        path(f"{one}checks/<int:number>/renew/", followed.RenewCheck.as_view(), name="renew-check"),
        path(f"{one}files/add/", files.AddFile.as_view(), name="add-file"),
        path(f"{one}files/<str:file>/", files.GiveOut.as_view(), name="file"),
        path(f"{one}files/<str:file>/take-away/", files.TakeFileAway.as_view(), name="take-file-away"),
        path(f"{one}assignments/add/", followed.Assign.as_view(), name="assign"),
        path(f"{one}assignments/<int:pk>/end/", followed.EndAssignment.as_view(), name="end-assignment"),
    ], app_name
