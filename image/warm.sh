#!/bin/sh
# Decides what Node finds compiled when the image starts, where it cannot keep anything itself: all of Bindery.
# Node keeps such code for one user; so it is that user who imports it. In the end root owns it, and everybody may read it.
set -eu
home=$1
cache=$home/node_modules/.cache
install -d -o 10001 -g 10001 "$cache" "$cache/bindery"
cd "$home"
setpriv --reuid 10001 --regid 10001 --clear-groups node --input-type=module - <<'JS'
import { globSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { resolve } from "node:path";
enableCompileCache(resolve("node_modules/.cache/bindery"));
// These begin to run when they are imported, or are for the embedded Azure, which is not here.
const left = new Set(["dist/main.js", "dist/cli/demo-command.js", "dist/cli/sandbox-command.js"]);
const files = globSync("dist/**/*.js").filter((file) => !left.has(file) && !file.startsWith("dist/cli/demo/"));
for (const file of files) await import(resolve(file));
JS
setpriv --reuid 10001 --regid 10001 --clear-groups node bin/bindery.js --version > /dev/null
chown -R 0:0 "$cache"
chmod -R a+rX,go-w "$cache"
