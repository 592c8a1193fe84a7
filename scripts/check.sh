#!/usr/bin/env bash
# What must hold before every commit. Usage: scripts/check.sh <bin folder of the virtual environment>
set -euo pipefail
bin=$1
"$bin/ruff" check .
"$bin/ruff" format --check --quiet . || { "$bin/ruff" format --check . ; exit 1; }
"$bin/djade" --target-version 5.2 --check $(git ls-files 'templates/*.html') 
"$bin/python" manage.py makemigrations --check --dry-run --verbosity 0
SECRET_KEY=$(head -c 60 /dev/urandom | base64 -w0) ALLOWED_HOSTS=tracker.example.org "$bin/python" manage.py check --deploy --fail-level WARNING
"$bin/python" -m scripts.checks
"$bin/python" -m scripts.rights | diff -u docs/rights.md - || { echo "docs/rights.md is out of date: make docs"; exit 1; }
