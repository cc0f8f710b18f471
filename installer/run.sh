#!/bin/sh
# Opens the window on a fictional county. Without a display: a picture of the desk, made under a virtual one.
# The demo lives in build/demo, apart from the home of a real device; `make clean` takes it away.
set -eu
cd "$(dirname "$0")/.."
home=${TOWNSHIP_DEMO_HOME:-$PWD/build/demo}
mkdir -p "$home"

if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then
    exec .venv/bin/township demo --scale township --home "$home"
fi

export LANG="${LANG:-C.UTF-8}" # without one, Qt grumbles about file names
"${PYTHON:-python3}" installer/setup.py picture
TOWNSHIP_PICTURE=${TOWNSHIP_PICTURE:-$PWD/build/desk.png}
export TOWNSHIP_PICTURE
rm -f "$TOWNSHIP_PICTURE"
echo "No display here: the window runs under Xvfb, and a picture of the desk goes to $TOWNSHIP_PICTURE"
timeout 300 xvfb-run -a -s "-screen 0 1366x768x24" .venv/bin/township demo --scale township --home "$home"
test -s "$TOWNSHIP_PICTURE" || { echo "run: no picture was written" >&2; exit 1; }
