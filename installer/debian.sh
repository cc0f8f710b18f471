#!/bin/sh
# Wraps dist/xiangzhitong into a Debian package, dist/xiangzhitong_VERSION_ARCH.deb. Run by `make deb` after `make package`.
set -eu
cd "$(dirname "$0")/.."
[ -x dist/xiangzhitong/township ] || { echo "debian: there is no dist/xiangzhitong: make package comes first" >&2; exit 1; }

version=$(.venv/bin/python -c 'import app; print(app.__version__)')
architecture=$(dpkg --print-architecture)
names_of() {
    .venv/bin/python -c '
import pathlib, sys, tomllib
print(", ".join(tomllib.loads(pathlib.Path("installer/system-packages.toml").read_text())[sys.argv[1]]))' "$1"
}
depends=$(names_of window)
recommends=$(names_of camera)

tree=build/deb
rm -rf "$tree"
mkdir -p "$tree/DEBIAN" "$tree/opt" "$tree/usr/bin" "$tree/usr/share/applications" "$tree/usr/share/doc/xiangzhitong"
cp -a dist/xiangzhitong "$tree/opt/"
ln -s /opt/xiangzhitong/township "$tree/usr/bin/township"
cp LICENSE "$tree/usr/share/doc/xiangzhitong/copyright"

cat > "$tree/usr/share/applications/xiangzhitong.desktop" <<DESKTOP
[Desktop Entry]
Type=Application
Name=乡治通
Comment=乡镇（街道）社会治理综合工作台
Exec=/opt/xiangzhitong/xiangzhitong
Icon=x-office-address-book
Categories=Office;
Terminal=false
DESKTOP

cat > "$tree/DEBIAN/control" <<CONTROL
Package: xiangzhitong
Version: $version
Architecture: $architecture
Maintainer: Xiangzhitong <nobody@localhost>
Installed-Size: $(du -sk "$tree/opt" | cut -f1)
Depends: $depends
Recommends: $recommends
Section: misc
Priority: optional
Description: 乡治通，乡镇（街道）社会治理综合工作台
 没有网络也能登记、查询、受理、调解；有网络时与县级自动对齐。
CONTROL

package=dist/xiangzhitong_${version}_$architecture.deb
dpkg-deb --build --root-owner-group -Zxz "$tree" "$package" > /dev/null
echo "$package"
