#!/bin/sh
# One Debian package for one kind of machine, from a bundle that `make bundle` filled:
#   sh deploy/build_deb.sh BUNDLE ARCHITECTURE OUT        ARCHITECTURE is amd64 or arm64
# Plain dpkg-deb and not dh-virtualenv: that builds for one Python on one machine only, and this package carries the
# same hash-checked wheels as the stick, for the Python of Debian 12 and of Debian 13.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bundle=$1
architecture=$2
out=$3

fail() {
  echo "$*" >&2
  exit 1
}

case $architecture in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) fail "'$architecture' is none of amd64 and arm64." ;;
esac
ours=$(ls "$bundle"/wheels/pitboard-*.whl 2>/dev/null) || fail "$bundle holds no wheels; type: make bundle"
version=$(basename "$ours" | cut -d- -f2)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"
install -d "$root/DEBIAN" "$root/usr/lib/pitboard/wheels" "$root/usr/share/doc/pitboard"
for wheel in "$bundle"/wheels/*-none-any.whl "$bundle"/wheels/*"$machine".whl; do
  [ -e "$wheel" ] && install -m 0644 "$wheel" "$root/usr/lib/pitboard/wheels/"
done
install -m 0644 "$here/../CHANGELOG.md" "$root/usr/share/doc/pitboard/changelog.md"
for script in postinst prerm postrm; do
  install -m 0755 "$here/debian/$script" "$root/DEBIAN/$script"
done
size=$(du -sk "$root/usr" | cut -f1)
cat > "$root/DEBIAN/control" <<END
Package: pitboard
Version: $version
Architecture: $architecture
Maintainer: The founders of Pitboard <founders@pitboard.example>
Section: misc
Priority: optional
Installed-Size: $size
Depends: python3 (>= 3.11), python3-venv
Recommends: libgbm1, libdrm2, libegl1, libgles2, libgl1-mesa-dri, fonts-noto-core, fonts-noto-cjk, fonts-noto-color-emoji
Description: race timing from beam to board
 Trackside units read lap beams, officials confirm the times on a touchscreen, displays show the board live,
 and a central server takes everything in. After the package is there, "sudo pitboard install" makes the
 machine a unit, a display or central; its records are never removed by the package.
END
mkdir -p "$out"
# Wheels are packed already: to pack them again took six minutes of a busy machine for a twelfth of the size.
dpkg-deb --root-owner-group -Znone --build "$root" "$out/pitboard_${version}_$architecture.deb" >/dev/null
echo "$out/pitboard_${version}_$architecture.deb"
