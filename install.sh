#!/bin/sh
# Installs phone-opus from this checkout: fetches the locked dependencies (Bun is one
# of them), builds, and puts the binary into ~/.local/bin or PHONE_OPUS_INSTALL_DIR.
#
#   sh install.sh                  build and install
#   sh install.sh --dependencies   only make node_modules what the lock file says
#
# Needs Node's npm or Bun; never sudo.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
bin="$root/node_modules/.bin"
stamp="$root/node_modules/.phone-opus-lock"

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "install.sh: $*"
  exit 1
}

install_dependencies() {
  if [ -x "$bin/bun" ] && cmp -s "$root/package-lock.json" "$stamp"; then
    return
  fi
  say "installing the locked dependencies"
  if command -v npm >/dev/null 2>&1; then
    (cd "$root" && npm install --no-save --no-audit --no-fund >&2)
  elif command -v bun >/dev/null 2>&1; then
    # Reads package-lock.json and leaves no lock file of its own.
    (cd "$root" && bun install --frozen-lockfile >&2)
  else
    fail "neither npm nor bun is here: install Node.js (nodejs.org) or Bun (bun.sh) first"
  fi
  "$bin/bun" --version >/dev/null 2>&1 ||
    fail "the installed Bun does not run on this machine: see the messages above"
  cp "$root/package-lock.json" "$stamp"
}

install_binary() {
  target=${PHONE_OPUS_INSTALL_DIR:-${HOME:?HOME is not set}/.local/bin}
  mkdir -p "$target" || fail "cannot make $target: set PHONE_OPUS_INSTALL_DIR to a directory of yours"
  # Beside its final place, then renamed over it: a running phone-opus keeps the old
  # file, and nobody ever sees half of the new one.
  staged="$target/.phone-opus.$$"
  trap 'rm -f "$staged"' EXIT
  trap 'exit 1' HUP INT TERM
  cp "$root/dist/phone-opus" "$staged" || fail "cannot write to $target"
  chmod 755 "$staged"
  "$staged" --version >/dev/null || fail "the built binary does not run; the old one was left alone"
  mv -f "$staged" "$target/phone-opus"
  say "installed $("$target/phone-opus" --version) as $target/phone-opus"
  case ":$PATH:" in
  *":$target:"*) ;;
  *) say "note: $target is not on your PATH; MCP clients can use the full path" ;;
  esac
}

case "${1:-}" in
--dependencies)
  install_dependencies
  ;;
'')
  install_dependencies
  (cd "$root" && PATH="$bin:$PATH" bun run build.ts >&2)
  install_binary
  ;;
*)
  fail "unknown argument $1: use no argument, or --dependencies"
  ;;
esac
