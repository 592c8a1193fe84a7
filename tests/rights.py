"""Who gets in where: the answer of every address to every role. Tested by test_access.py; docs/rights.md is made of it.

A new address is one line in its area. `to(404, coordinator=200)` reads: 404 to everyone who is signed in, but 200 to
the coordinator. Without `get` or `post` the address does not know the method and answers 405.
"""

from dataclasses import dataclass

from django.urls import get_resolver

ROLES = {
    "anonymous": "not signed in",
    "stranger": "no grant",
    "observer": "observer",
    "kz_analyst": "analyst, own party",
    "ru_analyst": "analyst, other party",
    "coordinator": "coordinator, own party",
    "reviewer": "reviewer",
    "elsewhere": "reviewer, other area",
    "administrator": "administrator",
}
OBJECTS = {  # what stands in the address: whose it is in the table, and so what "own" means
    "roadmap": "a roadmap in which the roles have their grants",
    "item": "an item of it",
    "milestone": "a milestone of the item",
    "round": "a planned round",
    "open round": "an open round",
    "closed round": "a closed round",
    "party": "a party of the roadmap",
    "organisation": "an organisation of the own party",
    "draft": "a draft of the own party",
    "submitted": "a report of the own party, submitted",
    "accepted": "a report of the own party, accepted, for all to read",
    "proposal": "a proposal of the own party's analyst to move the milestone's term",
    "document": "a document under the draft",
    "file": "a file under the accepted report",
    "passkey": "a passkey of the analyst of the own party",
    "session": "another session of the analyst of the own party",
    "person": "a person",
    "grant": "a grant of that person's",
    "change": "a change that the analyst of the own party made",
    "kind": "the word for an item in the address of its history",
    "funding": "its funding",
    "value": "what was written there before",
    "edition": "a sealed edition of the whole roadmap",
    "digest": "a checksum that no edition has",
    "job": "a job of theirs, ended, with a file",
    "view": "a view of a list that they saved for themselves",
    "weight": "the weight of the milestone",
    "term": "its current term",
    "executors": "the executors of the item",
    "note": "its note",
    "key": "a key from a message that is not valid",
    "provider": "an outside provider that is not set up",
}
ANSWERS = {
    200: "the page",
    302: "led on: to sign in, who is not signed in; after a form was sent, to the page that shows it",
    400: "may do it, but the form is not filled in",
    401: "signing in with the provider failed",
    403: "sees the object, but this is not theirs to do; the page says why",
    404: "is not there, or not for this reader: the two look alike",
    405: "the address does not know this method",
    409: "may do it, but not now: the object is in another state, or somebody else has changed it meanwhile",
}
SIGN_IN = 302


def to(everyone, **others):
    """The answers by role; who is not signed in is sent to sign in, unless `anonymous` says otherwise."""
    return dict.fromkeys(ROLES, everyone) | {"anonymous": SIGN_IN} | others


def own(**others):
    """Of a draft of the own party: to everyone else it is not there."""
    return to(404, kz_analyst=403, coordinator=403) | others


def told(**others):
    """Of a report in review: the own party, its reviewers and the administrators are told why a verb is not theirs."""
    return own(reviewer=403, administrator=403) | others


def seen(**others):
    """Of what every reader of the roadmap and area sees: they are told why a verb is not theirs."""
    return to(403, stranger=404, elsewhere=404) | others


@dataclass(frozen=True, eq=False)
class Row:
    """An address by the name of its URL, in words, with the objects it takes and its answers to each method."""

    name: str
    what: str
    of: tuple = ()
    get: dict | None = None
    post: dict | None = None
    is_open: bool = False  # known without signing in

    def knows(self, method):
        return bool(self.answers(method))

    def answers(self, method):
        return {"GET": self.get, "HEAD": self.get, "POST": self.post}.get(method)

    def answer(self, role, method):
        if self.knows(method):
            return self.answers(method)[role]
        return SIGN_IN if self.asks_to_sign_in(role) else 405

    def lets_in(self, role, method):
        """Whether this is more than a refusal or the way to the door."""
        status = self.answer(role, method)
        return status not in (401, 403, 404, 405) and not (status == SIGN_IN and self.asks_to_sign_in(role))

    def asks_to_sign_in(self, role):
        return role == "anonymous" and not self.is_open


def row(name, what, *of, **answers):
    return Row(name, what, of, **answers)


OPEN = to(200, anonymous=200)
AT_THE_DOOR = to(302, anonymous=200)  # who is in already is led on
LED_ON = to(302)
READ = to(200, stranger=404)  # with any grant on the roadmap
READ_IN_AREA = to(200, stranger=404, elsewhere=404)
OWN_PARTY = to(404, kz_analyst=200, coordinator=200)
WITH_REVIEW = to(404, kz_analyst=200, coordinator=200, reviewer=200, administrator=200)
PLAN = to(403, stranger=404, administrator=200)
PLAN_DONE = PLAN | {"administrator": 302}
PLAN_UNFILLED = PLAN | {"administrator": 400}
PLAN_IN_AREA = to(403, stranger=404, elsewhere=404, administrator=200)
SEAL = to(403, stranger=404, reviewer=200, elsewhere=200, administrator=200)
PROPOSE = seen(kz_analyst=200, ru_analyst=200, reviewer=200, administrator=200)
PROPOSE_UNFILLED = seen(kz_analyst=400, ru_analyst=400, reviewer=400, administrator=400)
ADMINISTER = to(403, administrator=200)

AREAS = {
    "Roadmaps": [
        row("start", "Where everyone begins: led on to the desk or to a roadmap", get=to(302, stranger=200)),
        row("overview", "Overview", "roadmap", get=READ),
        row("search", "Search, across what one may read", get=to(200)),
        row("status_table", "Status table, and its export", "roadmap", get=READ),
        row("changes", "What has changed since a day: led on to the last time", "roadmap", get=to(302, stranger=404)),
        row("days", "Choose the day that a page is seen on", "roadmap", get=READ),
        row("organisation_suggestions", "Organisations found while typing in a filter", "roadmap", get=READ),
        row("selected_file", "Selected rows of it as a file", "roadmap", post=to(302, stranger=404)),
        row("items", "Items", "roadmap", get=READ),
        row("item", "An item", "roadmap", "item", get=READ_IN_AREA),
        row("item_history", "Its latest changes, which its page fetches", "roadmap", "item", get=READ_IN_AREA),
        row("why", "Why a milestone is judged so", "roadmap", "milestone", get=READ_IN_AREA),
        row("roadmap_parties", "Its parties", "roadmap", get=READ),
    ],
    "Rounds": [
        row("rounds", "Rounds", "roadmap", get=READ),
        row("round", "How a round stands", "roadmap", "round", get=READ),
        row("round_reports", "Its reports, by who has the ball", "roadmap", "open round", get=READ),
        row("round_new", "Plan a round", "roadmap", get=PLAN, post=PLAN_UNFILLED),
        row("round_edit", "Change a planned round", "roadmap", "round", get=PLAN, post=PLAN_UNFILLED),
        row("round_open", "Open a round", "round", post=PLAN_DONE),
        row("round_close", "Close a round", "open round", post=PLAN_DONE),
        row("round_remind", "Remind who has not sent", "open round", post=PLAN_DONE),
        row("round_late", "Take what was not sent in time", "closed round", post=PLAN_UNFILLED),
    ],
    "Terms and documents": [
        row("deadlines", "Register of moves", "roadmap", get=READ),
        row("amendments", "Amendments", "roadmap", get=READ, post=PLAN_UNFILLED),
        row("deadline_propose", "Propose another term", "milestone", get=PROPOSE, post=PROPOSE_UNFILLED),
        row("deadline", "A proposal of another term", "proposal", get=READ_IN_AREA),
        row("deadline_approve", "Approve another term", "proposal", post=seen(reviewer=409)),
        row("deadline_reject", "Reject another term", "proposal", post=seen(reviewer=400)),
        row("deadline_withdraw", "Withdraw a proposal", "proposal", post=seen(kz_analyst=409)),
        row("documents", "Documents", "roadmap", get=READ),
        row("document_attach", "Attach a document to another report", "document",
            get=own(kz_analyst=200), post=own(kz_analyst=400)),
    ],
    "Changes of the plan": [
        row("bulk", "What is done to selected rows: none are selected", "roadmap", get=to(302, stranger=404),
            post=to(302, stranger=404)),
        row("bulk_done", "What came of it, to who did it", "roadmap", "key", get=to(404)),
        row("edit_milestone", "Change a weight in the table", "roadmap", "milestone", "weight",
            get=PLAN_IN_AREA, post=PLAN_IN_AREA | {"administrator": 400}),
        row("edit_milestone", "Propose another term in the table", "roadmap", "milestone", "term",
            get=PROPOSE, post=seen(kz_analyst=409, ru_analyst=409, reviewer=409, administrator=409)),
        row("edit_item", "Change executors in the table", "roadmap", "item", "executors",
            get=PLAN_IN_AREA, post=PLAN_IN_AREA),
        row("edit_item", "Change a note in the table", "roadmap", "item", "note",
            get=PLAN_IN_AREA, post=PLAN_IN_AREA | {"administrator": 302}),
        row("control_item", "Control of an item", "roadmap", "item", get=PLAN_IN_AREA, post=PLAN_IN_AREA),
        row("control_milestone", "Control of a milestone", "roadmap", "milestone", get=PLAN_IN_AREA, post=PLAN_IN_AREA),
        row("replace_milestones", "Replace milestones", "roadmap", "item", get=PLAN_IN_AREA, post=PLAN_IN_AREA),
        row("party_join", "A party joins", "roadmap", get=PLAN, post=PLAN),
        row("party_leave", "A party leaves", "roadmap", "party", get=PLAN, post=PLAN),
        row("hand_over", "Hand an organisation's work over", "organisation", get=ADMINISTER, post=ADMINISTER),
    ],
    "Editions": [
        row("editions", "Sealed editions", "roadmap", get=READ),
        row("edition", "An edition, in the areas that one may read", "roadmap", "edition", get=READ),
        row("edition_file", "Its data file", "roadmap", "edition", get=READ | {"elsewhere": 403}),
        row("edition_compare", "What differs from the plan today", "roadmap", "edition", get=READ),
        row("edition_seal", "Seal an edition", "roadmap", get=SEAL,
            post=SEAL | {"reviewer": 400, "elsewhere": 400, "administrator": 400}),
        row("edition_known", "Whether such an edition was sealed", "digest", get=to(404, anonymous=404), is_open=True),
    ],
    "Reports": [
        row("desk", "What is asked of the reader", get=to(200)),
        row("report", "Write a report", "draft", get=OWN_PARTY, post=own(kz_analyst=409)),
        row("report", "Read a report in review", "submitted", get=WITH_REVIEW, post=told(kz_analyst=409)),
        row("report", "Read an accepted report", "accepted", get=READ_IN_AREA, post=seen(kz_analyst=409)),
        row("report_withdraw", "Take a report back", "draft", post=own(kz_analyst=409)),
        row("report_withdraw", "Take a report back", "submitted", post=told(kz_analyst=409)),
        row("report_endorse", "Endorse a report", "draft", post=own(coordinator=409)),
        row("report_endorse", "Endorse a report", "submitted", post=told(coordinator=409)),
        row("report_reopen", "Reopen a report", "draft", post=own()),
        row("report_reopen", "Reopen a report", "accepted", post=seen(administrator=400)),
        row("evidence", "A document", "document", get=OWN_PARTY),
        row("evidence", "A file, to download", "file", get=READ_IN_AREA),
    ],
    "Review": [
        row("review", "What waits for review", get=to(403, reviewer=200, elsewhere=200)),
        row("review_list", "The same as a list", get=to(403, reviewer=200, elsewhere=200, administrator=200)),
        row("review_accept_many", "Accept several reports", post=to(403, reviewer=200, elsewhere=200)),
        row("review_report", "Review a report", "draft", get=own(reviewer=302)),
        row("review_report", "Review a report", "submitted", get=told(reviewer=200)),
        row("report_accept", "Accept a report", "draft", post=own(reviewer=409)),
        row("report_accept", "Accept a report", "submitted", post=told(reviewer=409)),
        row("report_return", "Return a report", "draft", post=own(reviewer=409)),
        row("report_return", "Return a report", "submitted", post=told(reviewer=400)),
    ],
    "Signing in": [
        row("account_login", "Sign in", get=AT_THE_DOOR, post=AT_THE_DOOR, is_open=True),
        row("account_signup", "Register, where registration is open", get=AT_THE_DOOR, post=AT_THE_DOOR, is_open=True),
        row("mfa_authenticate", "Second step of signing in", get=LED_ON, post=LED_ON, is_open=True),
        row("mfa_login_webauthn", "Sign in with a passkey", get=LED_ON, post=LED_ON, is_open=True),
        row("account_reset_password", "Ask for a new password", get=OPEN, post=OPEN, is_open=True),
        row("account_reset_password_done", "The message was sent", get=OPEN, is_open=True),
        row("account_reset_password_from_key", "Set a new password", "key", "key", get=OPEN, post=OPEN, is_open=True),
        row("account_reset_password_from_key_done", "The password was set", get=OPEN, is_open=True),
        row("account_email_verification_sent", "Confirm the e-mail first", get=OPEN, is_open=True),
        row("account_confirm_email", "Confirm an e-mail", "key", get=OPEN, post=to(404, anonymous=404), is_open=True),
        row("account_inactive", "This account is closed", get=OPEN, is_open=True),
        row("openid_connect_login", "Sign in through a provider", "provider", is_open=True,
            get=to(404, anonymous=404), post=to(404, anonymous=404)),
        row("openid_connect_callback", "Back from a provider", "provider", is_open=True,
            get=to(404, anonymous=404), post=to(404, anonymous=404)),
        row("socialaccount_login_cancelled", "Signing in there was cancelled", get=OPEN, is_open=True),
        row("socialaccount_login_error", "Signing in there failed", get=to(401, anonymous=401), is_open=True),
        row("socialaccount_signup", "Register through a provider", get=LED_ON, post=LED_ON, is_open=True),
    ],
    "One's own account": [
        row("set_language", "Choose the language", post=to(302, anonymous=302), is_open=True),
        row("account", "My account", get=to(200)),
        row("account_logout", "Sign out", get=to(200), post=LED_ON, is_open=True),
        row("account_reauthenticate", "Confirm that it is me", get=to(200), post=to(200)),
        row("account_email", "Change the e-mail", get=to(200), post=LED_ON),
        row("account_change_password", "Change the password", get=to(200), post=to(200)),
        row("account_set_password", "Set a first password", get=LED_ON, post=LED_ON),
        row("usersessions_list", "Where I am signed in", get=to(200), post=LED_ON),
        row("session_end", "Sign out elsewhere", "session", post=to(404, kz_analyst=302)),
        row("socialaccount_connections", "Outside providers", get=to(200), post=to(200)),
        row("mfa_index", "Second factors", get=to(200)),
        row("mfa_reauthenticate", "Confirm with a code", get=LED_ON, post=LED_ON),
        row("mfa_reauthenticate_webauthn", "Confirm with a passkey", get=to(302, kz_analyst=200), post=LED_ON),
        row("mfa_activate_totp", "Set up codes", get=to(200), post=to(200)),
        row("mfa_deactivate_totp", "Stop codes, where they are set up", get=to(404), post=to(404)),
        row("mfa_view_recovery_codes", "Recovery codes, where there is a second factor", get=to(404)),
        row("mfa_generate_recovery_codes", "New recovery codes", get=to(200), post=to(200, kz_analyst=302)),
        row("mfa_download_recovery_codes", "The same as a file", get=to(404), post=to(404)),
        row("mfa_list_webauthn", "Passkeys", get=to(200)),
        row("mfa_add_webauthn", "Add a passkey", get=to(200), post=to(200)),
        row("mfa_edit_webauthn", "Name a passkey", "passkey",
            get=to(404, kz_analyst=200), post=to(404, kz_analyst=200)),
        row("mfa_remove_webauthn", "Remove a passkey", "passkey",
            get=to(404, kz_analyst=200), post=to(404, kz_analyst=302)),
    ],
    "People and their rights": [
        row("people", "People", get=ADMINISTER),
        row("person_new", "Enter a person", get=ADMINISTER, post=ADMINISTER),
        row("person", "A person and their grants", "person", get=ADMINISTER),
        row("person_invite", "Invite a person who has no password yet", "person", post=to(403, administrator=409)),
        row("person_close", "Close an account", "person", post=to(403, administrator=400)),
        row("person_open", "Open a closed account", "person", post=to(403, administrator=409)),
        row("person_factors", "Take away second factors", "person", post=to(403, administrator=400)),
        row("grant_new", "Give a grant", "person", get=ADMINISTER, post=ADMINISTER),
        row("grant", "Change a grant", "grant", get=ADMINISTER, post=ADMINISTER),
        row("grant_end", "End a grant", "grant", post=to(403, administrator=400)),
        row("rights", "Who may do what, where", get=ADMINISTER),
        row("security", "Security log", get=ADMINISTER),
    ],
    "Changes and long work": [
        row("change_set", "What one change did", "change", get=to(404, kz_analyst=200, administrator=200)),
        row("change_set_undo", "Undo it", "change",
            get=to(404, kz_analyst=200, administrator=200), post=to(404, kz_analyst=302, administrator=302)),
        row("history", "What changed on something", "kind", "item", get=READ_IN_AREA),
        row("field_history", "The values that one of its fields has had", "kind", "item", "funding", get=READ_IN_AREA),
        row("field_restore", "Put one of them back", "kind", "item", "funding", "value",
            get=PLAN_IN_AREA, post=PLAN_IN_AREA | {"administrator": 400}),
        row("jobs", "My jobs", get=to(200)),
        row("job", "One of them", "job", get=to(404, kz_analyst=200)),
        row("job_cancel", "Leave it off", "job", post=to(404, kz_analyst=302)),
        row("job_file", "The file that it made", "job", get=to(404, kz_analyst=200)),
    ],
    "Views of lists": [
        row("view", "The short link of a saved view", "view", get=to(404, kz_analyst=302)),
        row("view_new", "Save a list as a view, where one may read the list", get=to(404), post=to(404)),
        row("view_edit", "Change a view", "view", get=to(404, kz_analyst=200), post=to(404, kz_analyst=400)),
        row("view_keep", "Keep in it what its list shows", "view", post=to(404)),
        row("view_delete", "Delete it", "view", post=to(404, kz_analyst=409)),
        row("list_remember", "Remember how a list opens for oneself", post=to(404)),
        row("list_forget", "Forget it", post=to(404)),
    ],
}  # fmt: skip
ROWS = [row for rows in AREAS.values() for row in rows]


def addresses():
    """(route, name) of every URL pattern, whatever it is nested in; the administration's carry its namespace."""
    return list(patterns(get_resolver().url_patterns))


def patterns(found, prefix="/", namespace=""):
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from patterns(pattern.url_patterns, route, namespace or pattern.namespace or "")
        else:
            yield route, f"{namespace}:{pattern.name}" if namespace else pattern.name
