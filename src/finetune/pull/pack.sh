# Packs the pictures in the folder $1 into $2/kept.tar, with the user's own rights or with those that sudo gives without a password.
fail() { echo "$1" >&2; exit 1; }
for as in "" "sudo -n"; do
    # Words of their own, so not in quotes.
    if $as test -r "$1" -a -x "$1" 2>/dev/null; then
        umask 077
        # 1 says that something came or went meanwhile, as is usual there; pictures are whole once they have their names.
        $as tar -C "$1" -cf - . >"$2/kept.tar" || [ $? = 1 ] ||
            fail "the pictures cannot be packed; is there room in $HOME?"
        exit 0
    fi
done
[ -d "$(dirname "$1")" ] || fail "there is no $(dirname "$1"); vggcam has not run there as a service, or --folder is another"
[ -e "$1" ] && fail "$1 may not be read by $(id -un); let it with: sudo usermod -aG vggcam $(id -un)"
fail "there is no $1; pictures are kept once [keep] unsure_frames = true stands in /etc/vggcam/vggcam.toml"
