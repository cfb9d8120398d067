#!/bin/sh
# Makes stand-ins for the Dockerfile's two bases, for machines that reach an apt mirror and an npm registry but none of
# images: Debian by mmdebstrap; Node from node_modules, with this machine's npm and its way to the registry.
#
#   usage: bases.sh DEBIAN_NAME NODE_NAME     with DOCKER_HOST and DOCKER, the client
#
# For tests only: they hold this machine's configuration of apt and npm. Never push an image that is built on them.
set -eu
debian=$1
node=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
# in memory: dpkg's syncs are what takes its time on a disk
work=$(TMPDIR=/dev/shm mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/apt/etc/apt/apt.conf.d" "$work/node/usr/local/bin" "$work/node/usr/local/etc" \
  "$work/node/usr/local/lib/node_modules"

{
  # what the public image sets too: no package, no cache of packages is kept
  echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };'
  echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; Acquire::Languages "none";'
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-(Valid-Until|Date)) ' || true
} >"$work/apt/etc/apt/apt.conf.d/99stand-in"
sources=$(grep -lsE '^(Suites:.*|deb .*)\bbookworm\b' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list || true)
[ -n "$sources" ] || { echo 'no apt source for bookworm on this machine' >&2; exit 1; }
# shellcheck disable=SC2086
TMPDIR=$work mmdebstrap --quiet --variant=minbase \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
  bookworm "$work/debian.tar" $sources >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
tar -C "$work/apt" --owner=0 --group=0 -rf "$work/debian.tar" ./etc/apt/apt.conf.d/99stand-in
"$DOCKER" import --change 'CMD ["bash"]' "$work/debian.tar" "$debian" >/dev/null

local=$work/node/usr/local
cp "$root/node_modules/node/bin/node" "$local/bin/node"
cp -rL "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$local/bin/npm"
cp -L /etc/ssl/certs/ca-certificates.crt "$local/etc/stand-in.crt"
{
  echo 'cafile=/usr/local/etc/stand-in.crt'
  echo "registry=$(npm config get registry 2>/dev/null)"
} >"$local/etc/npmrc"
# no folder that Debian's part has, too: the engine refuses paths that come twice
tar -C "$work/node" --owner=0 --group=0 -rf "$work/debian.tar" \
  ./usr/local/bin/node ./usr/local/bin/npm ./usr/local/lib/node_modules \
  ./usr/local/etc/npmrc ./usr/local/etc/stand-in.crt
"$DOCKER" import --change 'CMD ["node"]' "$work/debian.tar" "$node" >/dev/null
