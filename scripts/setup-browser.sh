#!/usr/bin/env bash
# Gets the browser that the dashboard's tests and bench drive, from Debian's packages. Where it cannot, it says why; the
# tests then skip, with that reason.
set -u
if [ -n "${CHROMIUM:-}" ] || [ -x /usr/bin/chromium ]; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo 'no Chromium: install it, or name one in CHROMIUM; the tests in a browser will be skipped'
  exit 0
fi
(apt-get update && apt-get install -y --no-install-recommends chromium) >/dev/null 2>&1 ||
  echo 'no Chromium: apt-get could not install it; the tests in a browser will be skipped'
