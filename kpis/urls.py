"""The addresses of results."""

from django.urls import path

from kpis import views

app_name = "kpis"
urlpatterns = [
    path("", views.SubmissionList.as_view(), name="submissions"),
    path("ask", views.OpenQuarter.as_view(), name="open"),
    path("performance", views.Performance.as_view(), name="performance"),
    path("performance/<str:programme>/<str:quarter>/<str:code>", views.KpiPage.as_view(), name="breakdown"),
    path("<int:pk>", views.SubmissionPage.as_view(), name="submission"),
    path("<int:pk>/fill/<slug:section>", views.Fill.as_view(), name="fill"),
    path("<int:pk>/submit", views.Submit.as_view(), name="submit"),
    path("<int:pk>/late", views.SubmitLate.as_view(), name="submit_late"),
    path("<int:pk>/accept", views.Accept.as_view(), name="accept"),
    path("<int:pk>/query", views.Query.as_view(), name="query"),
    path("<int:pk>/answer/<int:query>", views.AnswerQuery.as_view(), name="answer"),
    path("<int:pk>/revise", views.Revise.as_view(), name="revise"),
]
