# shellcheck shell=bash
# Debian packages for ./lab and cmake/prepare_toolchain.sh: asks for what is missing, never more.
# Sourced, not run. A machine without apt is left alone: there CMake names what it cannot find.

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 3; }

# Runs a command, showing what it printed only if it failed.
quietly() {
  local output status=0
  output=$("$@" 2>&1 </dev/null) || status=$?
  [ "$status" -eq 0 ] || printf '%s\n' "$output" >&2
  return "$status"
}

# Prints the packages among its arguments that are not installed.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${Package}:${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx "$package:installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Installs the packages that are missing: as root, or through sudo, or else says the command.
need_packages() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
  local missing sudo=()
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      sudo=(sudo)
    else
      die "packages are missing; as root: apt-get update && apt-get install -y" \
        "--no-install-recommends ${missing[*]}"
    fi
  fi
  say "installing ${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600)
  local install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
  "${install[@]}" >/dev/null 2>&1 </dev/null && return 0
  "${apt[@]}" update >/dev/null 2>&1 </dev/null || true  # lists that are old or were never there
  quietly "${install[@]}" || die "apt-get could not install ${missing[*]}"
}
