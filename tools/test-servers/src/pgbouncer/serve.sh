# Runs one PgBouncer. When its input ends, it and its folder go; when it ends by itself, its keeper does too.
# $1 the program, $2 its own folder
cd "$2" || exit 1
exec 3<&0
"$1" "$2/pgbouncer.ini" >log 2>&1 3<&- &
bouncer=$!
# Which signal ends it at once, differs between versions.
{ while read -r _; do :; done; kill -KILL "$bouncer"; cd / && rm -rf "$2"; } <&3 2>/dev/null &
exec 3<&-
wait "$bouncer"
