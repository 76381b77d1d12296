#!/bin/sh
# Decides which files of installed packages nothing ever reads when Bindery runs.
set -eu
cd "$1"
find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.flow' -o -name '*.tsbuildinfo' \) -delete
find . -type f -iname '*.md' ! -iname 'license*' ! -iname 'notice*' -delete
find . -type d \( -path '*/dist/browser' -o -path '*/dist/react-native' -o -path '*/dist/workerd' \) -prune -exec rm -r {} +
find . -type d \( -name test -o -name tests -o -name __tests__ \) -prune -exec rm -r {} +
rm -rf .bin .package-lock.json
find . -type d -empty -delete
