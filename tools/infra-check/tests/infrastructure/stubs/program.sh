#!/bin/bash
# One program that scripts call: writes down how it was called, argument by argument, and answers as it was told. An
# unexpected call fails, and fails the test.
folder=FOLDER
# What it needs itself are no stand-ins.
# shellcheck disable=SC2123
PATH=REAL_PATH
line=${0##*/}
for argument in "$@"; do
    shown=${argument//[$'\n\t']/ }
    while [[ $shown == *'  '* ]]; do shown=${shown//  / }; done
    # Files of a script's own folder differ in name from run to run; what they hold when they are shown is kept.
    if [[ $argument =~ ^(.*)$folder/tmp/tmp\.[A-Za-z0-9]+(.*)$ ]]; then
        shown=${BASH_REMATCH[1]}TMP${BASH_REMATCH[2]}
        if [[ -s ${argument#@} ]]; then cp "${argument#@}" "$folder/files/"; fi
    fi
    if [[ $shown == *' '* || -z $shown ]]; then shown="‹$shown›"; fi
    line+=" $shown"
done
if [[ $line == *' --config -'* || $line == 'sha256sum --check'* ]]; then cat > "$folder/files/stdin"; fi
if [[ $line == tee\ * ]]; then line+=" <<< ‹$(cat)›"; fi
if [[ $line == orders-worker\ * ]]; then
    # The worker refuses settings of its own that it does not know.
    for name in $(compgen -e); do
        case $name in
        ORDERS_DATABASE_URL | DOCTOR_*) line+=" with $name=${!name}" ;;
        ORDERS_*) echo "the worker knows no $name" >&2; exit 2 ;;
        esac
    done
fi
echo "$line" >> "$folder/called"

chosen=''
for answer in "$folder"/answers/*; do
    [[ $(cat "$answer/call") == "$line" ]] || continue
    chosen=$answer
    [[ -e $answer/used ]] || break
done
if [[ -z $chosen ]]; then
    echo "$line" >> "$folder/unknown"
    echo "no call like this is known: $line" >&2
    exit 64
fi
touch "$chosen/used"
# shellcheck source=/dev/null
. "$chosen/effect"
cat "$chosen/says"
exit "$(cat "$chosen/status")"
