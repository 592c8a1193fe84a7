#!/usr/bin/env bash
# The two processes of the product, the web server and the worker of long jobs, until Ctrl-C; if one ends, so does the other.
# Usage: scripts/run.sh <bin folder of the virtual environment> <port>
set -uo pipefail
bin=$1
port=$2
"$bin/gunicorn" tracker.wsgi --bind "127.0.0.1:$port" --workers 2 --threads 4 --no-control-socket &
web=$!
"$bin/python" manage.py db_worker --no-reload &
worker=$!
stop() {
  trap - EXIT INT TERM
  kill -TERM "$web" "$worker" 2>/dev/null
  wait
}
trap stop EXIT
trap 'stop; exit 0' INT TERM
wait -n
status=$?
echo "One of the two processes has ended: stopping the other." >&2
exit "$status"
