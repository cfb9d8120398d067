#!/bin/sh
# Installs what this machine lacks for the tests and the demo: Debian packages (as root) and npm packages, and says so.
# Quick when nothing is missing. An argument is one more Debian package, whose command has the same name. `prometheus` is only
# unpacked, below node_modules: to install it would start a server.
set -eu
cd "$(dirname "$0")/.."

if [ "$(uname -s)" != Linux ]; then
  echo "Linux is needed: the tests and the demo make hosts out of network namespaces." >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "Root is needed: the tests and the demo make hosts out of network namespaces. Run it with sudo, as in: sudo npm run demo" >&2
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
chrt util-linux
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
mkfs.btrfs btrfs-progs
script bsdutils
docker-compose docker-compose
LIST
needs_prometheus=
for package in "$@"; do
  if [ "$package" = prometheus ]; then
    needs_prometheus=yes
    continue
  fi
  command -v "$package" >/dev/null || missing="$missing $package"
done
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086
  missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
  if ! command -v apt-get >/dev/null; then
    echo "Missing: $missing. Install these packages; this script knows only Debian's apt-get." >&2
    exit 1
  fi
  echo "installing Debian packages: $missing"
  # shellcheck disable=SC2086
  sh test/apt-install.sh $missing
fi

# The toolchain's own Node is one of the packages, so its presence tells that an install was completed.
if ! node_modules/.bin/node --version >/dev/null 2>&1 || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing npm packages below node_modules, by npm ci"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

prometheus=node_modules/.cache/prometheus
if [ -n "$needs_prometheus" ] && [ ! -x $prometheus/usr/bin/promtool ]; then
  echo "unpacking Prometheus below node_modules"
  rm -rf $prometheus
  mkdir -p $prometheus
  (
    cd $prometheus
    fetch() { apt-get -o APT::Sandbox::User=root download -qq prometheus; }
    fetch 2>/dev/null || { apt-get update -qq && fetch; }
    dpkg-deb -x prometheus_*.deb .
    rm prometheus_*.deb
  )
fi

# with sudo they belong to whoever called it, who may want to use or remove them without it
if [ -n "${SUDO_UID-}" ]; then chown -R "$SUDO_UID:${SUDO_GID-$SUDO_UID}" node_modules; fi
