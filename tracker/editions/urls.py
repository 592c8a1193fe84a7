from django.urls import path

from . import views

urlpatterns = [
    path("editions/<str:sha256>/", views.edition_known, name="edition_known"),
    path("r/<slug:slug>/editions/", views.editions, name="editions"),
    path("r/<slug:slug>/editions/seal/", views.edition_seal, name="edition_seal"),
    path("r/<slug:slug>/editions/<int:number>/", views.edition, name="edition"),
    path("r/<slug:slug>/editions/<int:number>/data.json", views.edition_file, name="edition_file"),
    path("r/<slug:slug>/editions/<int:number>/compare/", views.edition_compare, name="edition_compare"),
]
