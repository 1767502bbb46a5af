"""The addresses of results."""

from django.urls import path

from kpis.views import deciding, extending, figures, filling, listing, submission

app_name = "kpis"
urlpatterns = [
    path("", listing.SubmissionList.as_view(), name="submissions"),
    path("ask/", listing.OpenQuarter.as_view(), name="open"),
    path("performance/", figures.Performance.as_view(), name="performance"),
    path("performance/<str:programme>/<str:quarter>/<str:code>/", figures.KpiPage.as_view(), name="breakdown"),
    path("<int:pk>/", submission.SubmissionPage.as_view(), name="submission"),
    path("<int:pk>/fill/<slug:section>/", filling.Fill.as_view(), name="fill"),
    path("<int:pk>/submit/", filling.Submit.as_view(), name="submit"),
    path("<int:pk>/accept/", deciding.Accept.as_view(), name="accept"),
    path("<int:pk>/query/", deciding.Query.as_view(), name="query"),
    path("<int:pk>/answer/<int:query>/", filling.AnswerQuery.as_view(), name="answer"),
    path("<int:pk>/revise/", filling.Revise.as_view(), name="revise"),
    path("<int:pk>/more-time/", extending.AskTime.as_view(), name="ask-time"),
    path("<int:pk>/more-time/<int:extension>/", extending.DecideTime.as_view(), name="decide-time"),
    path("<int:pk>/withdraw/", filling.Withdraw.as_view(), name="withdraw"),
]
