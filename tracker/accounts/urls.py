from allauth.account import views as account
from allauth.socialaccount import views as elsewhere
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path

from .views import door, lists, log, people, rights

urlpatterns = [
    path("account/", door.account, name="account"),
    # Coming in
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", login_not_required(account.account_inactive), name="account_inactive"),
    path("account/signup/", account.signup, name="account_signup"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    # E-mail
    path("account/email/", account.email, name="account_email"),
    path("account/confirm-email/", account.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^account/confirm-email/(?P<key>[-:\w]+)/$", account.confirm_email, name="account_confirm_email"),
    # Password
    path("account/password/change/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/password/reset/", account.password_reset, name="account_reset_password"),
    path("account/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/factors/webauthn/keys/<int:pk>/remove/", door.passkey_remove, name="mfa_remove_webauthn"),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/<int:pk>/end/", door.session_end, name="session_end"),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path(
        "account/elsewhere/login/error/",
        login_not_required(elsewhere.login_error),
        name="socialaccount_login_error",
    ),
    path("account/elsewhere/", include("allauth.socialaccount.urls")),
    path("account/elsewhere/oidc/<slug:provider_id>/login/", door.outside_login, name="openid_connect_login"),
    path(
        "account/elsewhere/oidc/<slug:provider_id>/login/callback/",
        door.outside_callback,
        name="openid_connect_callback",
    ),
    path("security/", log.security, name="security"),
    # People and what they may do
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/invite/", people.person_invite, name="person_invite"),
    path("people/<int:pk>/close/", people.person_close, name="person_close"),
    path("people/<int:pk>/open/", people.person_open, name="person_open"),
    path("people/<int:pk>/factors/", people.person_factors, name="person_factors"),
    path("people/<int:pk>/grants/new/", people.grant_new, name="grant_new"),
    path("grants/<int:pk>/", people.grant, name="grant"),
    path("grants/<int:pk>/end/", people.grant_end, name="grant_end"),
    path("rights/", rights.rights, name="rights"),
    # How a list is shown
    path("v/<str:code>/", lists.view, name="view"),
    path("views/new/", lists.view_new, name="view_new"),
    path("views/<str:code>/", lists.view_edit, name="view_edit"),
    path("views/<str:code>/keep/", lists.view_keep, name="view_keep"),
    path("views/<str:code>/delete/", lists.view_delete, name="view_delete"),
    path("lists/remember/", lists.list_remember, name="list_remember"),
    path("lists/forget/", lists.list_forget, name="list_forget"),
]
