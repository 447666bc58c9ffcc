# Sourced by the scripts beside it: where things are, and which Java and Spark run them.

# What is written holds what people wrote: it is its owner's alone.
umask 077

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs_jar=$home/jobs/target/lakeloop-jobs.jar
lib=$home/jobs/target/lib
laid_out_spark=$home/jobs/target/spark
conf=${LAKELOOP_CONF:-$home/conf}

fail() {
  echo "$1" >&2
  exit 2
}

find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
  else
    java=$(command -v java || true)
  fi
  [ -x "$java" ] || fail "Cannot find Java: JAVA_HOME is '${JAVA_HOME:-}' and there is no java on the PATH. Install JDK 17 and set JAVA_HOME."
  local version
  version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "$version" = 17 ] || fail "Cannot run on Java ${version:-of an unknown version} ($java): Spark 3.5 with Delta runs on JDK 17. Set JAVA_HOME to one."
}

require_build() {
  [ -f "$jobs_jar" ] && [ -d "$lib" ] || fail "Cannot run: the jobs are not built. Build them with: mvn -DskipTests package"
}

# The arguments ask for settings of an environment; its Spark settings go with it.
environment_of() {
  local environment=local
  while [ $# -gt 0 ]; do
    [ "$1" = --env ] && environment=${2:-}
    shift
  done
  echo "$environment"
}

# The Spark settings of an environment, or of the one that it inherits from.
defaults_of() {
  local name=$1
  while [ ! -f "$conf/$name/spark-defaults.conf" ]; do
    [ -f "$conf/$name/environment.yaml" ] || fail "Cannot run in the environment '$name': there is no file $conf/$name/environment.yaml. Known: $(cd "$conf" && ls -d */ | tr -d '/' | grep -v '^clusters$' | tr '\n' ' ')"
    name=$(sed -n 's/^inherits: *"\{0,1\}\([A-Za-z0-9._-]*\).*/\1/p' "$conf/$name/environment.yaml")
    [ -n "$name" ] || fail "Cannot run in the environment '$1': neither it nor an environment that it inherits from has a spark-defaults.conf in $conf."
  done
  echo "$conf/$name/spark-defaults.conf"
}

# What native libraries take from the environment; a variable that is set keeps its value.
export_process_environment() {
  local name value
  while IFS='=' read -r name value; do
    [[ $name =~ ^[A-Z_]+$ ]] && [ -z "${!name:-}" ] && export "$name=$value"
  done <"$home/conf/process.env"
  export DJL_CACHE_DIR=${DJL_CACHE_DIR:-$home/jobs/target/djl}
}

# Takes --master URL and --spark key=value, which are Spark's, out of the arguments: the rest is left in ${job[@]}.
split_arguments() {
  master= spark_conf=() job=()
  while [ $# -gt 0 ]; do
    case $1 in
      --master) master=${2:-}; [ -n "$master" ] || fail "Cannot read the command line: --master needs a value, as spark://host:7077, yarn, k8s://https://host:443 or local[2]."; shift 2 ;;
      --spark) [[ ${2:-} == spark.*=* ]] || fail "Cannot read the command line: --spark takes spark.key=value, got '${2:-}'."; spark_conf+=(--conf "$2"); shift 2 ;;
      *) job+=("$1"); shift ;;
    esac
  done
}

# The settings of a cluster manager go with its master.
cluster_of() {
  case $1 in
    spark://*) echo standalone ;;
    yarn) echo yarn ;;
    k8s://*) echo kubernetes ;;
  esac
}

# What a cluster manager needs beside its address.
require_client() {
  case $1 in yarn | kubernetes)
    [ -n "${SPARK_HOME:-}" ] || fail "Cannot run on $master: the Spark that the build laid out has no client for it. Set SPARK_HOME to an installed Spark 3.5." ;;
  esac
  [ "$1" != yarn ] || [ -n "${HADOOP_CONF_DIR:-}${YARN_CONF_DIR:-}" ] ||
    fail "Cannot run on yarn: HADOOP_CONF_DIR is not set. Set it to the folder with the cluster's yarn-site.xml and core-site.xml."
}

# The secret that a standalone cluster's master and workers know. That of a local cluster lies with its state.
secret_of() {
  local file=${LAKELOOP_CLUSTER_SECRET:-} own=$home/jobs/target/local-cluster
  if [ -z "$file" ] && [ "$(cat "$own/url" 2>/dev/null)" = "$1" ]; then file=$own/secret; fi
  [ -n "$file" ] || fail "Cannot run on $1: the variable LAKELOOP_CLUSTER_SECRET is not set. Start master and workers with spark.authenticate=true and a secret (see submit-scripts/README.md, Clusters), and set it to the file that holds the secret."
  [ -r "$file" ] || fail "Cannot run on $1: the file $file, which LAKELOOP_CLUSTER_SECRET names, cannot be read."
  [[ $(cat "$file") =~ ^[A-Za-z0-9+/=_-]{16,}$ ]] || fail "Cannot run on $1: the file $file holds no secret of 16 or more letters and digits on one line. Make one with: (umask 077; head -c 32 /dev/urandom | base64 > FILE)"
  [ -z "$(find -L "$file" -perm /077)" ] || fail "Cannot run on $1: others can read the secret in $file. Run: chmod 600 $file"
  cat "$file"
}

# Spark's settings: the environment's, and over them those of the cluster that it runs on. The same settings are the same file, which
# holds a secret and is its owner's alone.
settings_for() {
  local cluster=$2 merged secret name
  [ -n "$cluster" ] || { echo "$1"; return; }
  if [ "$cluster" = standalone ]; then secret=$(secret_of "$master") || exit; fi
  merged=$(mktemp "$home/jobs/target/spark-XXXXXX.conf")
  # What ties a driver to this machine is for this machine alone.
  local own='^spark\.master'
  [[ $master == *127.0.0.1* ]] || own='^spark\.(master|driver\.host|driver\.bindAddress)'
  {
    grep -Ev "$own" "$1"
    cat "$home/conf/clusters/$cluster.conf"
    [ -z "${secret:-}" ] || echo "spark.authenticate.secret $secret"
  } >"$merged"
  find "$home/jobs/target" -maxdepth 1 -name 'spark-*.conf' -mmin +1440 -delete
  name=$home/jobs/target/spark-$(sha256sum <"$merged" | cut -c1-12).conf
  mv "$merged" "$name"
  echo "$name"
}

spark_submit() {
  local environment defaults cluster terminal=()
  split_arguments "$@"
  set -- "${job[@]}"
  environment=$(environment_of "$@")
  [[ $environment =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || fail "Cannot read the command line: --env takes a name, got '$environment'."
  defaults=$(defaults_of "$environment")
  cluster=$(cluster_of "$master")
  require_client "$cluster"
  defaults=$(settings_for "$defaults" "$cluster")
  [ -z "$master" ] || spark_conf+=(--master "$master")
  [ "${1:-}" != sql ] && [ -t 2 ] && terminal=(--terminal)
  [ -n "$cluster" ] && [[ $master != *127.0.0.1* ]] || export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}
  export_process_environment
  # Java itself expands the star.
  local path=$lib/* command=()
  local arguments=(
    --class io.lakeloop.jobs.Main
    --properties-file "$defaults"
    --driver-class-path "$path"
    --conf "spark.executor.extraClassPath=$path"
    "${spark_conf[@]}"
    --driver-java-options "-Dlog4j2.configurationFile=file:$home/conf/log4j2.properties -Dai.djl.offline=true -Duser.timezone=UTC"
    "$jobs_jar" "$@" "${terminal[@]}")
  if [ -n "${SPARK_HOME:-}" ]; then
    [ -x "$SPARK_HOME/bin/spark-submit" ] || fail "Cannot run: SPARK_HOME is '$SPARK_HOME', which has no bin/spark-submit. Unset it to use the Spark that the build laid out."
    exec "$SPARK_HOME/bin/spark-submit" "${arguments[@]}"
  fi
  export SPARK_HOME=$laid_out_spark SPARK_SCALA_VERSION=2.12
  # The launcher opens its answer with a NUL and a line end, so that what a JVM says before can be told apart.
  while IFS= read -r -d '' part; do command+=("${part#$'\n'}"); done < <(
    "$java" -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main org.apache.spark.deploy.SparkSubmit "${arguments[@]}")
  exec "${command[@]:1}"
}
