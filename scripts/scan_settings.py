"""The settings of the service that is scanned: the shipped ones, without what would hide pages from the scanner."""

from tracker.settings import *  # noqa: F403

# A scanner signs in wrongly hundreds of times: it would see "too many attempts" instead of the pages behind, and spend
# its time on slow hashes. That the limits hold is for tests/security to say.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
