#!/bin/sh
# Installs what `npm run test:image` needs beside the other tests: Docker Engine and mmdebstrap, unless they are there.
# A newly installed engine is not started: the test starts private ones, which leave this machine's network alone.
set -eu
cd "$(dirname "$0")/../.."
sh test/setup.sh

missing=
while read -r command package; do
  command -v "$command" >/dev/null || missing="$missing $package"
done <<'LIST'
dockerd docker.io
mmdebstrap mmdebstrap
LIST
if [ -n "$missing" ]; then
  echo "installing Debian packages:$missing"
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  # shellcheck disable=SC2086
  sh test/apt-install.sh $missing
fi
