# Makes a folder for this deployment, says its name, and removes it when the other end closes the connection or is lost.
umask 077
mkdir -p .cache/vggcam || exit 1
for old in .cache/vggcam/deploy.*; do
    guard=$(cat "$old/guard" 2>/dev/null) || continue
    kill -0 "$guard" 2>/dev/null || rm -rf "$old"
done
folder=$(mktemp -d .cache/vggcam/deploy.XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT PIPE TERM
echo $$ >"$folder/guard"
echo "deploy.folder $folder"
cat >/dev/null
