from django.urls import path

from . import views

urlpatterns = [
    path("", views.start, name="start"),
    path("language/", views.set_language, name="set_language"),
    path("r/<slug:slug>/", views.overview, name="overview"),
    path("r/<slug:slug>/milestones/", views.status_table, name="status_table"),
    path("r/<slug:slug>/milestones/<int:pk>/why/", views.milestone_why, name="why"),
    path("r/<slug:slug>/items/", views.items, name="items"),
    path("r/<slug:slug>/items/<int:pk>/", views.item, name="item"),
]
