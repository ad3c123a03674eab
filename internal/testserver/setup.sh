#!/usr/bin/env bash
# Prepares the machine for the tests, says what it did, and runs what it was
# given:
#
#     internal/testserver/setup.sh go test ./...
#
# As root on Debian or Ubuntu it installs the servers that are missing, without
# letting any of them start as a service: the tests start their own. Then
# POSTROOM_REAL=1 makes a missing server a failure. Elsewhere it names what is
# missing, and the tests that need it are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'setup: %s\n' "$*" >&2; }

# A program or file that shows a package is there, and the package's name.
wanted=(
  redis-server:redis-server
  '/usr/lib/postgresql/*/bin/initdb:postgresql'
  dovecot:dovecot-core
  /usr/lib/dovecot/imap:dovecot-imapd
  /usr/lib/dovecot/lmtp:dovecot-lmtpd
  '/usr/lib/dovecot/modules/*sieve_plugin.so:dovecot-sieve'
  postfix:postfix
  chromium:chromium
  swaks:swaks
  /usr/share/perl5/Mail/SpamAssassin.pm:spamassassin
  /usr/lib/python3/dist-packages/dkim/__init__.py:python3-dkim
  gcc:gcc
  /usr/include/errno.h:libc6-dev
  npm:npm
  '/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf:fonts-noto-core'
)

# there succeeds if the program is in PATH, or the file (a glob) exists.
there() {
  case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
  esac
}

missing_packages() {
  local entry
  for entry in "${wanted[@]}"; do
    there "${entry%:*}" || printf '%s\n' "${entry##*:}"
  done
}

# Debian starts a service when its package is installed, unless this file says
# no (101: forbidden). Whatever was there before is put back.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  if [ -e "$policy" ]; then mv "$policy" "$policy.postroom"; fi
  trap allow_services EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}
allow_services() {
  rm -f "$policy"
  if [ -e "$policy.postroom" ]; then mv "$policy.postroom" "$policy"; fi
  trap - EXIT
}

install_packages() {
  say "installing $* (no service is started)"
  mkdir -p .cache
  local log=.cache/apt.log
  forbid_services
  export DEBIAN_FRONTEND=noninteractive
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  # A list of packages that cannot be fetched anew may still be good enough.
  apt-get -qq update >"$log" 2>&1 || say "apt-get update had trouble; going on with the old lists"
  if ! apt-get -qq install -y --no-install-recommends "$@" >>"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "apt-get could not install $*"
    exit 1
  fi
  allow_services
}

# What npm has for the tests: axe-core checks pages for accessibility, html-validate
# their HTML, and the fixtures of govuk-frontend show what the markup of a component
# has to be. Each is fetched at one version and kept under .cache if its checksum is
# the one that was reviewed.
axe_version=4.14.1
axe_sum=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
axe=$PWD/.cache/axe.min.js
good_axe() { echo "$axe_sum  $1" | sha256sum --check --status 2>/dev/null; }
fetch_axe() {
  good_axe "$axe" && return
  command -v npm >/dev/null || return
  say "fetching axe-core $axe_version with npm"
  local tmp
  tmp=$(mktemp -d)
  if (cd "$tmp" && npm pack --silent "axe-core@$axe_version" >&2 && tar xzf axe-core-*.tgz package/axe.min.js) &&
    good_axe "$tmp/package/axe.min.js"; then
    mkdir -p .cache
    mv "$tmp/package/axe.min.js" "$axe"
  else
    say "axe-core $axe_version could not be fetched, or its checksum is wrong"
  fi
  rm -rf "$tmp"
}

govuk_version=6.6.0
govuk_sum=52c4eb554e54d8a6e4ba801e9da5ec3a5b930fd2f117a39677f0b6296e954751
govuk=$PWD/.cache/govuk-frontend-$govuk_version
fetch_govuk() {
  [ -d "$govuk" ] && return
  command -v npm >/dev/null || return
  say "fetching the fixtures of govuk-frontend $govuk_version with npm"
  local tmp
  tmp=$(mktemp -d)
  if (cd "$tmp" && npm pack --silent "govuk-frontend@$govuk_version" >&2 &&
    echo "$govuk_sum  govuk-frontend-$govuk_version.tgz" | sha256sum --check --status &&
    tar xzf govuk-frontend-*.tgz --wildcards 'package/dist/govuk/components/*/fixtures.json'); then
    mkdir -p .cache
    mv "$tmp/package/dist/govuk/components" "$govuk"
  else
    say "govuk-frontend $govuk_version could not be fetched, or its checksum is wrong"
  fi
  rm -rf "$tmp"
}

# html-validate needs other packages. Their versions and checksums are in the lock
# file, which npm holds to; no script of theirs runs.
validator=$PWD/.cache/html-validate
fetch_validator() {
  cmp -s internal/testserver/html-validate/package-lock.json "$validator/package-lock.json" && return
  command -v npm >/dev/null || return
  say "fetching html-validate with npm"
  rm -rf "$validator"
  mkdir -p "$validator.new"
  cp internal/testserver/html-validate/package*.json "$validator.new/"
  if (cd "$validator.new" && npm ci --silent --no-audit --no-fund --ignore-scripts >&2); then
    mv "$validator.new" "$validator"
  else
    say "html-validate could not be fetched, or a checksum is wrong"
    rm -rf "$validator.new"
  fi
}

mapfile -t missing < <(missing_packages)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}"; fi
  say "every test server is installed; a test that misses one fails (POSTROOM_REAL=1)"
  export POSTROOM_REAL=1
elif [ ${#missing[@]} -gt 0 ]; then
  say "************************************************************"
  say "NOT INSTALLED: ${missing[*]}"
  say "Tests that need them are SKIPPED. As root on Debian or Ubuntu"
  say "this script installs them; elsewhere install what is named."
  say "************************************************************"
fi

fetch_axe
if good_axe "$axe"; then export POSTROOM_AXE=$axe; fi
fetch_govuk
fetch_validator

# The race detector needs cgo and a C compiler. Without one the tests run
# without it; the argument is taken out of the command.
command=("$@")
if ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
  say "no C compiler: the tests run WITHOUT the race detector"
  command=()
  for word in "$@"; do [ "$word" = -race ] || command+=("$word"); done
else
  export CGO_ENABLED=1
fi
if [ ${#command[@]} -gt 0 ]; then exec "${command[@]}"; fi
