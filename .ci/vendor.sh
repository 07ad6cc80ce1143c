#!/usr/bin/env bash
# Writes the libraries of the pages, at the versions of .ci/vendor/package.json, into
# nudge/pages/static/vendor, and axe-core for the tests. It needs npm; nothing else here does.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp .ci/vendor/package.json .ci/vendor/charts.mjs "$work"
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts)
to=nudge/pages/static/vendor
mkdir -p "$to"
cp "$work/node_modules/htmx.org/dist/htmx.min.js" "$work/node_modules/idiomorph/dist/idiomorph-ext.min.js" "$to"
(cd "$work" && node_modules/@esbuild/linux-x64/bin/esbuild charts.mjs --bundle --minify --format=iife \
    --target=es2019 --legal-comments=none --outfile=echarts.min.js --log-level=warning)
cp "$work/echarts.min.js" "$to"
gzip -9nc "$work/node_modules/axe-core/axe.min.js" > tests/pages/axe.min.js.gz
{
    echo "Libraries of other people, at the versions of .ci/vendor/package.json."
    for name in htmx.org idiomorph echarts zrender tslib; do
        printf '\n%s\n' "== $name $(sed -n 's/^  *"version": "\(.*\)".*/\1/p' "$work/node_modules/$name/package.json" | head -1)"
        cat "$work/node_modules/$name"/LICENSE* 2>/dev/null || echo "BSD Zero Clause License"
    done
} > "$to/LICENSES.txt"
