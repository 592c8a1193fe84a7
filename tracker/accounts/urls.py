from allauth.account.views import account_inactive, login, logout
from django.contrib.auth.decorators import login_not_required
from django.urls import path

urlpatterns = [
    path("login/", login, name="account_login"),
    path("logout/", logout, name="account_logout"),
    path("inactive/", login_not_required(account_inactive), name="account_inactive"),
]
