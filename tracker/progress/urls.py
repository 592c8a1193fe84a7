from django.http import HttpResponse
from django.urls import path

stub = lambda request, pk=0: HttpResponse()  # noqa
urlpatterns = [path("desk/", stub, name="desk"), path("review/", stub, name="review"), path("reports/<int:pk>/", stub, name="report"), path("evidence/<int:pk>/", stub, name="evidence")]
