#!/usr/bin/env bash
# Run a command against a private PostgreSQL on a free port; the cluster is removed afterwards, whatever happens.
set -euo pipefail
if ! ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ]; then echo "PostgreSQL's server is not installed: apt-get install postgresql" >&2; exit 1; fi
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
fi
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
where=$(mktemp -d /tmp/tracker-postgres.XXXXXX)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as_owner() { "$@"; }
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
  chown postgres "$where"
  as_owner() { (cd "$where" && setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"); }
fi
stop() { as_owner "$bin/pg_ctl" -D "$where/data" -m immediate -s stop || true; rm -rf "$where"; }
trap stop EXIT
as_owner "$bin/initdb" -D "$where/data" -U tracker -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
as_owner "$bin/pg_ctl" -D "$where/data" -s -w -l "$where/log" -o "-p $port -c listen_addresses=127.0.0.1 -k $where -c fsync=off" start
DATABASE_URL="postgresql://tracker@127.0.0.1:$port/postgres" "$@"
