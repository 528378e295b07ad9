# Tells what the board is and has: a line for each fact, its name and its value.
tell() { printf 'board.%s %s\n' "$1" "$2"; }
storage() { df -Pk "$1" 2>/dev/null | tail -n 1; }

tell machine "$(uname -m)"
tell system "$(uname -sr)"
tell user "$(id -un)"
tell bits "$(getconf LONG_BIT 2>/dev/null)"
tell glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
tell memory "$(grep '^MemAvailable:' /proc/meminfo 2>/dev/null)"
tell home_storage "$(storage .cache/vggcam)"
if sudo -n true 2>/dev/null; then tell sudo yes; fi

state=${VGGCAM_STATE:-/var/lib/vggcam}
exists=$state
while [ ! -d "$exists" ] && [ "$exists" != / ]; do exists=$(dirname "$exists"); done
tell state "$state"
inside=$exists
if [ -d "$state/models" ]; then inside=$state/models; fi
tell state_storage "$(storage "$inside")"
if [ -w "$exists" ] && [ -w "$inside" ]; then
    tell state_access writable
elif [ "$exists" = "$state" ]; then
    tell state_access closed
else
    tell state_access absent
fi

for program in "$(command -v vggcam 2>/dev/null)" "$HOME/.local/bin/vggcam" "$HOME/vggcam" /usr/local/bin/vggcam; do
    if [ -f "$program" ] && [ -x "$program" ]; then
        tell program "$program"
        tell version "$("$program" --version 2>&1 | tail -n 1)"
        if "$program" install --help >/dev/null 2>&1; then tell installs yes; fi
        break
    fi
done
