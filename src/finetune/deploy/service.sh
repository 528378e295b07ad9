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
if ! $control restart vggcam; then
    tell refused
    exit
fi
sleep 3
if ${control#sudo -n } is-active --quiet vggcam; then
    tell restarted
elif $3 "$1" rollback --state "$2" >&2 && $control restart vggcam; then
    tell rolled-back
else
    tell failed
fi
