#!/bin/sh
# Installs phone-opus from this checkout: fetches the locked dependencies (Bun is one
# of them) and builds. Each build has a directory of its own below
# ~/.local/share/phone-opus/versions, and ~/.local/bin/phone-opus (or
# PHONE_OPUS_INSTALL_DIR/phone-opus) is a link to it. Servers that run become the new
# build by themselves; the one before it is kept for the case that it fails.
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

kept_versions=3

install_binary() {
  : "${HOME:?HOME is not set}"
  target=${PHONE_OPUS_INSTALL_DIR:-$HOME/.local/bin}
  # The XDG specification: a relative path is invalid and must be ignored.
  case ${XDG_DATA_HOME:-} in
  /*) versions=$XDG_DATA_HOME/phone-opus/versions ;;
  *) versions=$HOME/.local/share/phone-opus/versions ;;
  esac
  built="$root/dist/phone-opus"
  # `phone-opus 1.2.3 (commit)`, and a checksum to tell builds of a version apart.
  version=$("$built" --version | sed 's/^[^0-9]*\([0-9][0-9A-Za-z.+-]*\).*$/\1/')
  place="$versions/$version-$(cksum <"$built" | tr ' ' '-')"
  mkdir -p "$target" || fail "cannot make $target: set PHONE_OPUS_INSTALL_DIR to a directory of yours"
  mkdir -p "$place" || fail "cannot make $place: correct its permissions, or set XDG_DATA_HOME"
  # Beside its final place, then renamed: nobody ever sees half of a file or no link.
  staged="$place/.phone-opus.$$"
  link="$target/.phone-opus.$$"
  # A place that stayed empty would count as one of the builds that are kept.
  trap 'rm -f "$staged" "$link"; rmdir "$place" 2>/dev/null || :' EXIT
  trap 'exit 1' HUP INT TERM
  cp "$built" "$staged" || fail "cannot write to $place"
  chmod 755 "$staged"
  "$staged" --version >/dev/null || fail "the built binary does not run; the old one was left alone"
  mv -f "$staged" "$place/phone-opus"
  ln -s "$place/phone-opus" "$link" || fail "cannot write to $target"
  mv -f "$link" "$target/phone-opus"
  touch "$place"
  remove_old_versions
  installed=$("$target/phone-opus" --version) || fail "$target/phone-opus does not run"
  say "installed $installed as $target/phone-opus"
  case ":$PATH:" in
  *":$target:"*) ;;
  *) say "note: $target is not on your PATH; MCP clients can use the full path" ;;
  esac
}

# The newest first, and before them the one just installed, whatever the clock says.
remove_old_versions() {
  ls -1t "$versions" | grep -vxF "${place##*/}" | tail -n "+$kept_versions" |
    while read -r old; do
      rm -rf "${versions:?}/$old"
    done
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
