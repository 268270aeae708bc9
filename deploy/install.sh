#!/bin/sh
# Make this machine a node of the venue, from a stick that `make bundle` and `pitboard venue make` filled:
#   sudo sh install.sh [HOST]
# HOST is a folder below nodes/; without it, the machine's own name is taken.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
host=${1:-$(hostname)}
first=/opt/pitboard-versions/1

fail() {
  echo "$*" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "This changes the system; type: sudo sh $0 $host"
[ -d "$here/nodes/$host" ] ||
  fail "This stick has no folder for '$host'. Type one of these behind the command:" "$(ls "$here/nodes" 2>/dev/null | tr '\n' ' ')"
command -v python3 >/dev/null || fail "Python is missing; type: sudo apt install python3 python3-venv"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or newer is needed; use Debian 12 or later, or its Raspberry Pi OS."
# Packages that somebody put on the stick, for a machine without internet.
if ls "$here"/debs/*.deb >/dev/null 2>&1; then
  dpkg --skip-same-version --install "$here"/debs/*.deb >/dev/null || fail "The packages in debs/ cannot be installed."
fi
python3 -c 'import ensurepip, venv' 2>/dev/null || fail "Python's venv is missing; type: sudo apt install python3-venv"

if [ ! -x /opt/pitboard/bin/pitboard ]; then
  echo "Installing the programs; this takes a minute or two."
  python3 -m venv --clear "$first"
  "$first/bin/python" -m pip install --quiet --no-index --disable-pip-version-check \
    --find-links "$here/wheels" 'pitboard[gpio,central]'
  program=$first/bin/pitboard
else
  program=/opt/pitboard/bin/pitboard
fi
exec "$program" install --node "$here/nodes/$host"
