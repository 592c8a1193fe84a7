from django.urls import path

from .views import desk, evidence, report, review

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("reports/<int:pk>/", report.report, name="report"),
    path("reports/<int:pk>/withdraw/", report.withdraw, name="report_withdraw"),
    path("reports/<int:pk>/endorse/", report.endorse, name="report_endorse"),
    path("reports/<int:pk>/accept/", review.accept, name="report_accept"),
    path("reports/<int:pk>/return/", review.send_back, name="report_return"),
    path("reports/<int:pk>/reopen/", report.reopen, name="report_reopen"),
    path("review/", review.review, name="review"),
    path("review/<int:pk>/", review.review_report, name="review_report"),
    path("evidence/<int:pk>/", evidence.evidence, name="evidence"),
]
