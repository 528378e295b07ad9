# Removes the pictures in the folder $1 whose number is at most $2.
for as in "" "sudo -n"; do
    # Words of their own, so not in quotes.
    $as test -w "$1" 2>/dev/null || continue
    # Who may write there only by sudo cannot list it either, so no pattern would find the names.
    names=$($as ls -- "$1") || exit 1
    while IFS= read -r name; do
        case $name in *-*-*-*.jpg) ;; *) continue ;; esac
        number=${name%%-*}
        case $number in *[!0-9]* | "") continue ;; esac
        [ "$number" -le "$2" ] || continue
        $as rm -f -- "$1/$name" || exit 1
    done <<END
$names
END
    exit 0
done
echo "$1 may not be changed by $(id -un)" >&2
exit 1
