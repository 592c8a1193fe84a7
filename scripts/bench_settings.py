"""The product as it is, with the references of scripts/bench_urls.py beside it. For scripts/bench.py alone."""

from tracker.settings import *  # noqa: F403

ROOT_URLCONF = "scripts.bench_urls"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
REQUIRE_MFA = False
