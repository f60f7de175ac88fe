# Runs one PostgreSQL and obeys a line at a time. When its input ends, the server and its folder go.
# $1 the folder of the programs, $2 the server's own folder, $3 the port; what follows is passed to the server.
programs=$1 folder=$2 port=$3
shift 3
data=$folder/data log=$folder/log
options="-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories="
for option in "$@"; do options="$options -c $option"; done

start() { "$programs/pg_ctl" --pgdata="$data" --log="$log" --options="$options" --wait --timeout=60 start; }
crash() { "$programs/pg_ctl" --pgdata="$data" --mode=immediate stop; }
answer() { "$@" >>"$log" 2>&1 && echo done || echo failed; }
create() {
    "$programs/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
        >"$log" 2>&1 && start
}

cd "$folder" || exit 1
answer create
while read -r wanted; do
    case $wanted in
        start) answer start ;;
        crash) answer crash ;;
    esac
done
crash >/dev/null 2>&1
cd / && rm -rf "$folder"
