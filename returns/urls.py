"""The addresses of quarters and their returns."""

from django.urls import path

from returns import views

app_name = "returns"
urlpatterns = [
    path("", views.QuarterList.as_view(), name="returns"),
    path("quarters/<int:pk>/", views.QuarterPage.as_view(), name="quarter"),
    path("quarters/<int:pk>/close/<slug:what>/", views.Close.as_view(), name="close"),
    path("quarters/<int:pk>/reopen/<slug:what>/", views.Reopen.as_view(), name="reopen"),
    path("quarters/<int:pk>/begin/<slug:kind>/", views.Begin.as_view(), name="begin"),
    path("<int:pk>/", views.ReturnPage.as_view(), name="return"),
    path("<int:pk>/read/", views.Read.as_view(), name="read"),
    path("<int:pk>/write/<slug:section>/", views.Write.as_view(), name="write"),
    path("<int:pk>/sign/<slug:act>/", views.Sign.as_view(), name="sign"),
    path("<int:pk>/send-back/", views.SendBack.as_view(), name="send-back"),
    path("<int:pk>/revise/", views.Revise.as_view(), name="revise"),
    path("<int:pk>/receipt/", views.Receipt.as_view(), name="receipt"),
    path("<int:pk>/files/<slug:format>/", views.Take.as_view(), name="file"),
]
