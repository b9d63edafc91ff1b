#!/bin/sh
# Make a virtual environment, or say in one line what is missing.  Usage: venv.sh PYTHON FOLDER
set -eu
python=$1 folder=$2
fail() { echo "error: $1" >&2; exit 1; }
command -v "$python" >/dev/null 2>&1 || fail "$python is not on PATH; install Python 3.10 or newer, or give make PYTHON=..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
    || fail "Python 3.10 or newer is needed, $python is $("$python" -V 2>&1)"
command -v c++ >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 \
    || fail "a C++ compiler is needed (Debian and Ubuntu: apt install g++)"
if [ ! -x "$folder/bin/python" ] || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$folder"
    "$python" -m venv "$folder" >/dev/null 2>&1 || {
        rm -rf "$folder"
        fail "$python cannot make virtual environments (Debian and Ubuntu: apt install python3-venv)"
    }
fi
