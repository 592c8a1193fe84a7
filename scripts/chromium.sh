#!/usr/bin/env bash
# Debian's chromium for the browser tests: installed where it is missing and may be; otherwise those tests say why they skip.
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
command -v chromium >/dev/null || echo "chromium is not here and cannot be installed: browser tests will be skipped"
