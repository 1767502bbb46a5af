"""The addresses of quarters and their returns."""

from django.urls import path

from returns.views import board, quarter, reading, sending, signing, templates, tracing, verifying, waiving

app_name = "returns"
urlpatterns = [
    path("", quarter.QuarterList.as_view(), name="returns"),
    path("verify/", verifying.Verify.as_view(), name="verify"),
    path("board-reports/", board.BoardReportList.as_view(), name="board-reports"),
    path("board-reports/<int:pk>/", board.BoardReport.as_view(), name="board-report"),
    path("board-reports/<int:pk>/files/<slug:format>/", board.TakeBoardReport.as_view(), name="board-file"),
    path("statements/", quarter.StatementList.as_view(), name="statements"),
    path("quarters/<int:pk>/", quarter.QuarterPage.as_view(), name="quarter"),
    path("quarters/<int:pk>/close/<slug:what>/", quarter.Close.as_view(), name="close"),
    path("quarters/<int:pk>/reopen/<slug:what>/", quarter.Reopen.as_view(), name="reopen"),
    path("quarters/<int:pk>/begin/<slug:kind>/", quarter.Begin.as_view(), name="begin"),
    path("templates/", templates.TemplateList.as_view(), name="templates"),
    path("templates/register/", templates.Register.as_view(), name="register-template"),
    path("templates/<int:pk>/", templates.TemplatePage.as_view(), name="template"),
    path("templates/<int:pk>/file/", templates.TakeTemplate.as_view(), name="template-file"),
    path("templates/<int:pk>/sheets/<int:number>/", templates.MapSheet.as_view(), name="template-sheet"),
    path("templates/<int:pk>/map-file/", templates.MapFile.as_view(), name="template-map-file"),
    path("templates/<int:pk>/maps/<int:number>/", templates.TakeMap.as_view(), name="template-map"),
    path("templates/<int:pk>/returns/<int:return_pk>/", templates.Try.as_view(), name="template-try"),
    path("templates/<int:pk>/returns/<int:return_pk>/file/", templates.TakeFilled.as_view(), name="template-fill"),
    path("<int:pk>/", reading.ReturnPage.as_view(), name="return"),
    path("<int:pk>/read/", reading.Read.as_view(), name="read"),
    path("<int:pk>/figures/<slug:section>/<slug:row>/<slug:column>/", tracing.Trace.as_view(), name="trace"),
    path("<int:pk>/write/<slug:section>/", signing.Write.as_view(), name="write"),
    path("<int:pk>/sign/<slug:act>/", signing.Sign.as_view(), name="sign"),
    path("<int:pk>/send-back/", signing.SendBack.as_view(), name="send-back"),
    path("<int:pk>/sent/record/", sending.Send.as_view(), name="send"),
    path("<int:pk>/sent/accept/", sending.Accept.as_view(), name="accept"),
    path("<int:pk>/sent/withdraw/", sending.TakeBack.as_view(), name="send-withdraw"),
    path("<int:pk>/waivers/ask/", waiving.Ask.as_view(), name="waiver-ask"),
    path("<int:pk>/waivers/<str:reference>/agree/", waiving.Agree.as_view(), name="waiver-agree"),
    path("<int:pk>/waivers/<str:reference>/withdraw/", waiving.Withdraw.as_view(), name="waiver-withdraw"),
    path("<int:pk>/revise/", signing.Revise.as_view(), name="revise"),
    path("<int:pk>/receipt/", reading.Receipt.as_view(), name="receipt"),
    path("<int:pk>/files/<slug:format>/", reading.Take.as_view(), name="file"),
]
