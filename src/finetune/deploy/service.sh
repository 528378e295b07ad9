# Restarts the service, where there is one, and says what came of it. If it does not stay up, the model before comes back.
# $1: the program; $2: the folder of installed models; $3: `sudo -n` where that folder is root's, else nothing.
tell() { echo "deploy.service $1"; }
as=
[ "$(id -u)" = 0 ] || as='sudo -n'
if systemctl is-active --quiet vggcam 2>/dev/null; then
    control="$as systemctl"
elif systemctl --user is-active --quiet vggcam 2>/dev/null; then
    as=
    control='systemctl --user'
elif pgrep -x vggcam >/dev/null 2>&1; then
    tell by-hand
    exit
else
    tell none
    exit
fi
active() { ${control#sudo -n } is-active --quiet vggcam; }
withdrawn() { grep -q '"withdrawn"' "$1/installed.json" 2>/dev/null; }
if $control restart vggcam; then
    sleep 3
elif active; then
    tell refused
    exit
else
    # It ended before it was ready, and is started again until it takes the model back by itself.
    tries=30
    until withdrawn "$2" || [ $tries = 0 ]; do
        tries=$((tries - 1))
        sleep 1
    done
fi
if withdrawn "$2"; then
    tell withdrawn
elif active; then
    tell restarted
elif $3 "$1" rollback --state "$2" >&2 && $control restart vggcam; then
    tell rolled-back
else
    tell failed
fi
