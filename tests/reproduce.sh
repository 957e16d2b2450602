#!/usr/bin/env bash
# Builds the page twice, in two folders of different names and without a compiler cache, and compares every file.
# Takes as long as two whole builds. usage: bash tests/reproduce.sh [FOLDER]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/reproduce.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export CCACHE_DISABLE=1
for copy in one another/place; do
  mkdir -p "$folder/$copy"
  git -C "$root" archive HEAD | tar -x -C "$folder/$copy"
  bash "$folder/$copy/lab" page
done
diff -r "$folder/one/dist" "$folder/another/place/dist"
echo "the same bytes: $(find "$folder/one/dist" -type f | wc -l) files"
