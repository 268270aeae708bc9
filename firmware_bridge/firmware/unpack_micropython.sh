#!/bin/sh
# Unpack Debian's MicroPython (unix port) into FOLDER and write FOLDER/micropython, which runs it.
# Nothing is installed: no root needed. Debian 12 has no such package; Debian 13's is then taken from the
# same mirror that this machine's own apt sources name.
set -eu
[ $# = 1 ] || { echo "usage: unpack_micropython.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
apt_folder=$folder/apt
packages="micropython libc6 libffi8 libmbedcrypto16 libmbedtls21 libmbedx509-7"

use_suite() {
  mkdir -p "$apt_folder/lists/partial" "$apt_folder/archives/partial" "$apt_folder/parts"
  : > "$apt_folder/sources.list"
  # Of each source, its main archive only: security and updates are other suites.
  for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -f "$source" ] || grep -hE '^deb .*/debian/? ' "$source" | grep -v security | head -n 1 |
      sed -E "s/ [a-z]+(-[a-z]+)? main.*/ $1 main/" >> "$apt_folder/sources.list"
  done
  for source in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$source" ] || awk -v suite="$1" 'BEGIN { RS = ""; ORS = "\n\n" }
      !/security/ && /\/debian/ { gsub(/Suites:[^\n]*/, "Suites: " suite); print }' "$source" \
      > "$apt_folder/parts/$(basename "$source")"
  done
  cat > "$apt_folder/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt_folder/sources.list";
Dir::Etc::sourceparts "$apt_folder/parts";
Dir::State::lists "$apt_folder/lists";
Dir::Cache "$apt_folder";
APT::Sandbox::User "";
APT::Architecture "$(dpkg --print-architecture)";
CONF
  export APT_CONFIG="$apt_folder/apt.conf"
  apt-get --quiet --quiet update
}

has_candidate() { apt-cache policy micropython | grep -q 'Candidate: [0-9]'; }

if ! has_candidate; then use_suite trixie; fi
has_candidate || { echo "No MicroPython among this machine's packages, nor in Debian 13's." >&2; exit 1; }

rm -rf "$folder/debs" "$folder/root"
mkdir -p "$folder/debs" "$folder/root"
# shellcheck disable=SC2086 # words are meant
(cd "$folder/debs" && apt-get --quiet --quiet download $packages)
for deb in "$folder"/debs/*.deb; do dpkg-deb --extract "$deb" "$folder/root"; done
libraries=$(dirname "$(find "$folder/root/usr/lib" -name 'libc.so.6' | head -n 1)")
loader=$(find "$libraries" -name 'ld-linux*' | head -n 1)
# Its own C library: the one of an older Debian does not fit.
cat > "$folder/micropython" <<RUN
#!/bin/sh
exec "$loader" --library-path "$libraries" "$folder/root/usr/bin/micropython" "\$@"
RUN
chmod +x "$folder/micropython"
"$folder/micropython" -c 'import sys; print("MicroPython", sys.version)'
rm -rf "$folder/debs" "$apt_folder"
