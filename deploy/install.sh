#!/bin/sh
# Make this machine a node of the venue, from a stick that `make bundle` and `pitboard venue make` filled:
#   sudo sh install.sh [HOST [--instead]]
# HOST is a folder below nodes/; without it, the machine's own name is taken.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
host=${1:-$(hostname)}
[ $# = 0 ] || shift
first=/opt/pitboard-versions/1

fail() {
  echo "$*" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "This changes the system; type: sudo sh $0 $host"
[ -d "$here/nodes/$host" ] ||
  fail "This stick has no folder for '$host'. Type one of these behind the command:" "$(ls "$here/nodes" 2>/dev/null | tr '\n' ' ')"
apt=
counting=
trap 'rm -rf "$apt"; [ -z "$counting" ] || kill "$counting"' EXIT
command -v python3 >/dev/null || fail "Python is missing; type: sudo apt install python3 python3-venv"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "Python 3.11 or newer is needed; use Debian 12 or later, or its Raspberry Pi OS."
# Debian's packages on the stick, for a machine without internet: apt takes what is missing from there.
debs=$here/debs/$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-$(dpkg --print-architecture)
if [ -f "$debs/Packages" ]; then
  apt=$(mktemp -d)
  mkdir -p "$apt/lists/partial"
  echo "deb [trusted=yes] file:$debs ./" > "$apt/stick.list"
  cat > "$apt/apt.conf" <<END
Dir::Etc::sourcelist "$apt/stick.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
APT::Sandbox::User "root";
END
  export APT_CONFIG="$apt/apt.conf"
  apt-get -qq update || fail "The packages in $debs cannot be read; copy the stick again."
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  [ -n "${APT_CONFIG:-}" ] && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null ||
    fail "Python's venv is missing; type: sudo apt install python3-venv"
fi

if [ ! -x /opt/pitboard/bin/pitboard ]; then
  echo "Installing the programs; this takes a minute or two."
  python3 -m venv --clear "$first"
  if [ -t 1 ]; then
    count=$(ls "$here/wheels" | cut -d- -f1 | sort -u | wc -l)
    while sleep 1; do
      printf '\r  %d of %d packages ' "$(ls "$first"/lib/python*/site-packages | grep '\.dist-info$' | grep -vc -e ^pip- -e ^setuptools-)" "$count"
    done &
    counting=$!
  fi
  "$first/bin/python" -m pip install --quiet --no-index --disable-pip-version-check \
    --find-links "$here/wheels" 'pitboard[gpio,central]' ||
    fail "The programs were not installed, for the reason above. Where no space is left, free some and type this again."
  if [ -n "$counting" ]; then
    kill "$counting"
    counting=
    echo
  fi
  program=$first/bin/pitboard
else
  program=/opt/pitboard/bin/pitboard
fi
"$program" install --node "$here/nodes/$host" "$@"
