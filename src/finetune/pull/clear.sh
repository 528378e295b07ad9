# Removes the pictures in the folder $1 whose number is at most $2.
for as in "" "sudo -n"; do
    # Words of their own, so not in quotes.
    $as test -w "$1" 2>/dev/null || continue
    for file in "$1"/*-*-*-*.jpg; do
        number=${file##*/}
        number=${number%%-*}
        case $number in *[!0-9]* | "") continue ;; esac
        [ "$number" -le "$2" ] || continue
        $as rm -f -- "$file" || exit 1
    done
    exit 0
done
echo "$1 may not be changed by $(id -un)" >&2
exit 1
