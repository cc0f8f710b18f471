#!/bin/sh
# Opens the packaged window in a Debian that has nothing but the system packages of the list, and looks at its picture.
# Run by `make check-package` as root after `make package`. The mirror is the one that this machine's apt uses.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "check_package: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "root is needed to make a clean system"
[ -x dist/xiangzhitong/township ] || fail "there is no dist/xiangzhitong: make package comes first"

suite=${1:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $suite" | head -n 1)
[ -n "$mirror" ] || fail "apt on this machine knows no $suite"
packages=$(.venv/bin/python -c '
import pathlib, tomllib
lists = tomllib.loads(pathlib.Path("installer/system-packages.toml").read_text())
print(",".join([*lists["window"], *lists["picture"]]))')

tree=$(mktemp -d)
clean_up() {
    umount "$tree/proc" 2>/dev/null || true
    rm -rf --one-file-system "$tree"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

echo "check_package: a clean $suite with $packages"
debootstrap --variant=minbase --include="$packages" "$suite" "$tree" "$mirror" > build/debootstrap.log 2>&1 ||
    fail "no clean system could be made: build/debootstrap.log says why"
cp -a dist/xiangzhitong "$tree/opt/"
mount -t proc proc "$tree/proc" # a frozen program finds itself through /proc

inside() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }
inside /opt/xiangzhitong/township --help > /dev/null || fail "the packaged command does not start"
inside TOWNSHIP_PICTURE=/root/desk.png timeout 300 xvfb-run -a -s "-screen 0 1366x768x24" \
    /opt/xiangzhitong/township demo --scale village --home /root/demo || fail "the packaged window did not open"

picture=$PWD/build/packaged-desk.png
cp "$tree/root/desk.png" "$picture" || fail "the packaged window wrote no picture"
.venv/bin/python - "$picture" <<'LOOK' || fail "the picture is empty or too small: $picture"
import sys
from PIL import Image
with Image.open(sys.argv[1]) as picture:
    colours = picture.convert("RGB").getcolors(maxcolors=1 << 24)
    sys.exit(picture.width < 1000 or picture.height < 600 or len(colours) < 32)
LOOK
echo "check_package: it opens; its picture is $picture"
