# Runs one PostgreSQL and obeys a line at a time. When its input ends, the server and its folder go.
# A folder that is to be kept stays, and its server ends in order; one that is there already is used as it is.
# $1 the folder of the programs, $2 the server's own folder, $3 the port, $4 `kept` or `fresh`; what follows is passed
# to the server.
programs=$1 folder=$2 port=$3 stays=$4
shift 4
data=$folder/data log=$folder/log
options="-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories="
for option in "$@"; do options="$options -c $option"; done

start() { "$programs/pg_ctl" --pgdata="$data" --log="$log" --options="$options" --wait --timeout=60 start; }
crash() { "$programs/pg_ctl" --pgdata="$data" --mode=immediate stop; }
answer() { "$@" >>"$log" 2>&1 && echo done || echo failed; }
create() {
    [ -d "$data" ] || {
        rm -rf "$data.new"
        "$programs/initdb" --pgdata="$data.new" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
            >"$log" 2>&1 && mv "$data.new" "$data"
    } && start
}

cd "$folder" || exit 1
answer create
while read -r wanted; do
    case $wanted in
        start) answer start ;;
        crash) answer crash ;;
    esac
done
if [ "$stays" = kept ]; then
    "$programs/pg_ctl" --pgdata="$data" --mode=fast --wait --timeout=600 stop >/dev/null 2>&1
    exit
fi
crash >/dev/null 2>&1
cd / && rm -rf "$folder"
