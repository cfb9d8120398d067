#!/bin/sh
# Installs what this machine lacks for the tests and the demo: Debian packages (as root) and npm packages.
# Quick when nothing is missing. An argument is one more Debian package, whose command has the same name.
set -eu
cd "$(dirname "$0")/.."

if [ "$(uname -s)" != Linux ]; then
  echo "Linux is needed: the tests and the demo make hosts out of network namespaces." >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "Root is needed: the tests and the demo make hosts out of network namespaces. Run it with sudo, or in a virtual machine." >&2
  exit 1
fi

missing=
while read -r command package; do
  command -v "$command" >/dev/null || missing="$missing $package"
done <<'LIST'
keepalived keepalived
perl perl-base
ip iproute2
iptables-nft iptables
iptables-legacy iptables
setpriv util-linux
nsenter util-linux
mount mount
tini tini
pgrep procps
openssl openssl
nft nftables
ping iputils-ping
arping iputils-arping
curl curl
flock util-linux
script bsdutils
docker-compose docker-compose
LIST
for package in "$@"; do
  command -v "$package" >/dev/null || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null; then
    echo "Missing:$missing. Install these packages; this script knows only Debian's apt-get." >&2
    exit 1
  fi
  echo "installing Debian packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# The toolchain's own Node is one of the packages, so its presence tells that an install was completed.
if ! node_modules/.bin/node --version >/dev/null 2>&1 || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
