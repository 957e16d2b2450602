#!/usr/bin/env bash
# Puts what no Debian 12 package gives into a folder outside the tree: a recent Emscripten and the
# Dear ImGui source. Usage: cmake/prepare_toolchain.sh [imgui] [wasm]; what is there is not touched.
#
# Both come as Debian packages of later releases, fetched through an apt source list of our own, so
# that the system's lists stay as they are and apt checks every signature. docs/dependencies.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian.sh"

cache=${ATTNLAB_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/attnlab}
oldest_emcc=3.1.60

# Sets `mirrors` to the machine's own Debian archives; their host names stand nowhere in the project.
find_mirrors() {
  local codename
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  mapfile -t mirrors < <(
    apt-get indextargets --no-release-info \
      --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)' 2>/dev/null |
      awk -v codename="$codename" '$3 == "main" && $4 == "Packages" && !seen[$1]++ &&
        ($2 == codename || $2 ~ /^(old)*stable$|^testing$|^unstable$|^sid$/) { print $1 }'
  )
  [ "${#mirrors[@]}" -gt 0 ]
}

# open_archive FOLDER SUITE KIND PACKAGE: points APT_CONFIG at a private apt state that sees the
# suite's binary (deb) or source (deb-src) packages on the first mirror that has the package.
open_archive() {
  # A machine may use a frozen mirror: an index that is old but signed is good enough here.
  local apt=$1/apt suite=$2 kind=$3 package=$4 mirrors mirror keyring options=check-valid-until=no
  for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
    [ -r "$keyring" ] && options+=" signed-by=$keyring" && break
  done
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
  [ "$(id -u)" -ne 0 ] || printf 'APT::Sandbox::User "root";\n' >>"$apt/apt.conf"
  find_mirrors || return 1
  export APT_CONFIG=$apt/apt.conf
  for mirror in "${mirrors[@]}"; do
    printf '%s [%s] %s %s main\n' "$kind" "$options" "$mirror" "$suite" >"$apt/sources.list"
    quietly apt-get update || continue
    case $kind in
      deb) apt-cache show "$package" >/dev/null 2>&1 && return 0 ;;
      deb-src) apt-cache showsrc "$package" 2>/dev/null | grep -q '^Version:' && return 0 ;;
    esac
  done
  return 1
}

fetch_imgui() (
  local target=$cache/imgui version
  [ ! -e "$target/imgui.h" ] || return 0
  command -v apt-get >/dev/null || return 1
  say "fetching the Dear ImGui source"
  local work=$cache/imgui.part
  rm -rf "$work" && mkdir -p "$work/source" && cd "$work"
  open_archive "$work" forky deb-src imgui || return 1
  version=$(apt-cache showsrc imgui | sed -n 's/^Version: //p' | grep '^1\.92\.' | tail -n 1)
  [ -n "$version" ] || return 1
  quietly apt-get source --download-only "imgui=$version" || return 1
  (cd source && quietly cmake -E tar xf ../imgui_*.orig.tar.*) || return 1
  rm -rf "$target" && mv "$(dirname "$(find source -name imgui.h | head -n 1)")" "$target"
  rm -rf "$work"
)

# True where the `emcc` on the PATH is new enough.
good_emcc_on_path() {
  local version
  command -v emcc >/dev/null || return 1
  version=$(emcc -dumpversion 2>/dev/null | sed 's/[^0-9.].*//')
  [ -n "$version" ] &&
    [ "$(printf '%s\n' "$oldest_emcc" "$version" | sort -V | head -n 1)" = "$oldest_emcc" ]
}

# Wraps Binaryen's programs so that they run with the newer C library they were built for.
wrap_binaryen() {
  local root=$1 program
  mkdir -p "$root/binaryen/bin"
  for program in "$root"/usr/bin/wasm-* "$root"/usr/bin/wasm2js; do
    cat >"$root/binaryen/bin/$(basename "$program")" <<WRAPPER
#!/bin/sh
lib=$root/usr/lib/x86_64-linux-gnu
exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib" "$program" "\$@"
WRAPPER
  done
  chmod +x "$root"/binaryen/bin/*
}

fetch_emscripten() (
  local root=$cache/emscripten package
  command -v apt-get >/dev/null || die "emcc $oldest_emcc or newer must be on the PATH"
  [ "$(dpkg --print-architecture)" = amd64 ] ||
    die "only x86-64 has a prepared toolchain; put emcc $oldest_emcc or newer on the PATH"
  need_packages clang-19 lld-19 llvm-19 python3 ca-certificates
  say "fetching Emscripten (about 250 MB, once)"
  rm -rf "$root" && mkdir -p "$root/debs" && cd "$root/debs"
  open_archive "$root" trixie deb emscripten ||
    die "no Debian mirror of this machine gives Emscripten; put emcc $oldest_emcc or newer on the PATH"
  quietly apt-get download emscripten binaryen libc6 libstdc++6 libgcc-s1 node-acorn ||
    die "downloading Emscripten failed; run the same command again"
  for package in *.deb; do dpkg -x "$package" "$root"; done
  wrap_binaryen "$root"
  ln -sfn ../nodejs "$root/usr/share/emscripten/node_modules"
  # emcc reads the .emscripten beside itself before any other, so no environment variable is needed.
  rm -f "$root/usr/share/emscripten/.emscripten"
  cat >"$root/usr/share/emscripten/.emscripten" <<CONF
import shutil
LLVM_ROOT = '/usr/bin'
LLVM_ADD_VERSION = '19'
CLANG_ADD_VERSION = '19'
BINARYEN_ROOT = '$root/binaryen'
NODE_JS = shutil.which('node') or '/usr/bin/node'
FROZEN_CACHE = True
CONF
  cd "$root" && rm -rf debs apt
  quietly "$root/usr/share/emscripten/emcc" --check || die "the prepared emcc does not run"
  touch "$root/ready"
)

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
for part in "${@:-imgui}"; do
  case $part in
    # Without it CMake fetches the pinned tag itself.
    imgui) fetch_imgui || say "no packaged Dear ImGui source here; CMake will fetch it" ;;
    wasm) [ -e "$cache/emscripten/ready" ] || good_emcc_on_path || fetch_emscripten ;;
    *) die "prepare_toolchain.sh knows imgui and wasm, not '$part'" ;;
  esac
done
