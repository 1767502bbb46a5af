"""The addresses of results."""

from django.urls import URLPattern, path

from kpis.views import deciding, defining, duties, extending, figures, filling, listing, offline, submission

app_name = "kpis"


def addresses(return_url: submission.ReturnUrl = submission.no_return) -> tuple[list[URLPattern], str]:
    """The patterns, with the way to the return that first reported a submission; for include()."""
    return [
        path("", listing.SubmissionList.as_view(), name="submissions"),
        path("ask/", listing.OpenQuarter.as_view(), name="open"),
        path("performance/", figures.Performance.as_view(), name="performance"),
        path("performance/<str:programme>/<str:quarter>/<str:code>/", figures.KpiPage.as_view(), name="breakdown"),
        path("measures/", defining.Measures.as_view(), name="measures"),
        path("measures/<str:programme>/<str:code>/", defining.MeasurePage.as_view(), name="measure"),
        path("measures/<str:programme>/<str:code>/new-version/", defining.Redefine.as_view(), name="redefine"),
        path("measures/<str:programme>/<str:code>/target/", defining.SetTarget.as_view(), name="target"),
        path("measures/<str:programme>/<str:code>/rate/<str:quarter>/", defining.Rate.as_view(), name="rate"),
        path("projects/<str:programme>/<str:code>/add-measure/", defining.Define.as_view(), name="define"),
        path("projects/<str:programme>/<str:code>/add-duty/", duties.Assign.as_view(), name="assign"),
        path("duties/", duties.Duties.as_view(), name="duties"),
        path("duties/<int:pk>/", duties.DutyPage.as_view(), name="duty"),
        path("duties/<int:pk>/change/", duties.ChangeDuty.as_view(), name="change-duty"),
        path("<int:pk>/", submission.SubmissionPage.as_view(return_url=return_url), name="submission"),
        path("<int:pk>/fill/<slug:section>/", filling.Fill.as_view(), name="fill"),
        path("<int:pk>/workbook/", offline.UploadWorkbook.as_view(), name="workbook"),
        path("<int:pk>/workbook/take/", offline.TakeWorkbook.as_view(), name="take-workbook"),
        path("<int:pk>/submit/", filling.Submit.as_view(), name="submit"),
        path("<int:pk>/accept/", deciding.Accept.as_view(), name="accept"),
        path("<int:pk>/query/", deciding.Query.as_view(), name="query"),
        path("<int:pk>/answer/<int:query>/", filling.AnswerQuery.as_view(), name="answer"),
        path("<int:pk>/revise/", filling.Revise.as_view(), name="revise"),
        path("<int:pk>/more-time/", extending.AskTime.as_view(), name="ask-time"),
        path("<int:pk>/more-time/<int:extension>/", extending.DecideTime.as_view(), name="decide-time"),
        path("<int:pk>/withdraw/", filling.Withdraw.as_view(), name="withdraw"),
    ], app_name
