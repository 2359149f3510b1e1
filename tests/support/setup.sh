#!/usr/bin/env bash
# Makes sure that what the build needs is there. Debian packages are installed where that needs no question (root);
# otherwise the command that does it is printed.
set -euo pipefail

missing_packages=()
command -v cc >/dev/null || missing_packages+=(build-essential)
command -v git >/dev/null || missing_packages+=(git)
if [ ${#missing_packages[@]} -gt 0 ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing ${missing_packages[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing_packages[@]}" >/dev/null
  else
    echo "please install: apt-get install ${missing_packages[*]}" >&2
    exit 1
  fi
fi
command -v cargo >/dev/null || { echo "Rust is missing: install it with rustup (1.94 or newer)" >&2; exit 1; }
command -v npm >/dev/null || { echo "Node.js is missing: install Node.js 20.19 or newer with npm" >&2; exit 1; }
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)' ||
  { echo "Node.js $(node -p process.versions.node) is too old: 20.19, or 22.12 or newer, is needed" >&2; exit 1; }
