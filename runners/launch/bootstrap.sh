# shellcheck shell=bash
# What a machine does from its first second to its last: arms its own end, makes the environment,
# becomes GitHub's runner for exactly one job, and goes away, whatever happened.
#
# Runs as root on Amazon Linux 2023, below the settings that runners/launch/user_data.py writes
# (RUN_ID, RUNS, REGION, ...). `bootstrap.sh environment` only makes the environment, for the image
# of runners/launch/Dockerfile. Must never print a secret, nor put one into an argument or a file.

set -uo pipefail  # not -e: every failure is said, and leads to the end

ROOT=${ROOT:-/opt/ingestion}
PAUSES=${PAUSES:-5 15 30 60 120}
METADATA=http://169.254.169.254/latest
LEAVE_SECONDS=600 # before the end of its lifetime, a machine's work is asked to end

say() {
  printf '%s bootstrap: %s\n' "$(date -u +%FT%TZ)" "$*"
}

# Runs a command until it succeeds, with longer and longer pauses; fails when they are used up.
retry() {
  local pause
  for pause in $PAUSES; do
    "$@" && return 0
    say "failed, again in $pause s: ${*:1:2}"
    sleep "$pause"
  done
  "$@" && return 0
  say "given up: ${*:1:2}"
  return 1
}

# --- the end -------------------------------------------------------------------------------------

# The machine is launched so that a shutdown terminates it. Three things lead there, and none needs
# the others: systemd's own timer, the idle timer below, and the end of this script.
#
# The timer counts seconds that pass (systemd.timer(5), OnActiveSec); shutdown's `+N` would wait for
# a time of day, which a clock that is put back never reaches in time.
arm_hard_stop() {
  local minutes=${LIFETIME_MINUTES:-60}
  ARMED=$(uptime_seconds)
  systemd-run --quiet --on-active="${minutes}min" systemctl poweroff ||
    shutdown -P "+$minutes" "the machine's lifetime is over"
  say "armed: gone in $minutes minutes at the latest"
}

uptime_seconds() {
  local up
  read -r up _ </proc/uptime
  echo "${up%%.*}"
}

# Asks the run's step to end after its batch, as /cancel does: its journal is kept, and it leaves.
end_step_early() {
  find "$ROOT/runner/_work" -type d -path "*/runs/$RUN_ID" 2>/dev/null |
    while read -r folder; do runuser -u runner -- touch "$folder/cancel"; done
}

# AWS gives two minutes of notice before it takes a spot machine back:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
# A lifetime that ends while a step works is as good a notice.
arm_early_end() {
  local notice said=
  while sleep 5; do
    if [ "$SPOT" = 1 ] && notice=$(metadata meta-data/spot/instance-action); then
      notice="AWS takes this machine back: $notice"
    elif (($(uptime_seconds) - ARMED >= LIFETIME_MINUTES * 60 - LEAVE_SECONDS)); then
      notice="the machine's lifetime ends soon"
    else
      continue
    fi
    [ -n "$said" ] || say "$notice; the work ends after its batch"
    said=1
    end_step_early # again and again: a step may begin only now
  done &
  EARLY_END=$!
}

# A runner that nobody gave a job: the hook below leaves a file when one begins. A machine whose job
# has begun is never idle; it ends with its job, or with its lifetime.
arm_idle_stop() {
  (
    sleep "$IDLE_SECONDS"
    [ -e "$ROOT/runner/job-started" ] && exit
    say "idle: no job within $IDLE_SECONDS s"
    shutdown -P now
  ) &
}

finish() {
  local code=$?
  trap - EXIT
  trap '' PIPE TERM INT # the log's reader may be gone already
  say "the end, code $code"
  (send_log) # apart: what is unset or fails there ends that alone
  shutdown -P now && return
  # Perhaps another shutdown is under way, and lets the job keep its last files: it has its time.
  say "shutdown refused"
  sleep 60
  poweroff -f || say "poweroff refused; the hard stop and the reaper remain"
}

# Leaves the last lines where they outlive the machine, and lets nothing of that delay the end.
send_log() {
  [ -n "${LOG_GROUP:-}" ] && [ -n "${ID:-}" ] || return 0
  local events
  events=$(tail -n 200 "$ROOT/bootstrap.log" | tail -c 60000 | python3 -c '
import json, sys, time
print(json.dumps([{"timestamp": int(time.time() * 1000), "message": sys.stdin.read() or "-"}]))')
  local stream=(--region "$REGION" --log-group-name "$LOG_GROUP" --log-stream-name "$RUN_ID/$ID")
  timeout 20 aws logs create-log-stream "${stream[@]}" >/dev/null 2>&1
  timeout 20 aws logs put-log-events "${stream[@]}" --log-events "$events" >/dev/null 2>&1
  return 0
}

# --- the environment, the same in the image -------------------------------------------------------

install_packages() {
  retry dnf install --quiet --assumeyes python3.11 git-core gzip libicu tar util-linux
}

# From the lock: exact versions, each with its hash.
install_environment() {
  python3.11 -m venv "$ROOT/venv" || return 1
  local pip=("$ROOT/venv/bin/python" -m pip install --quiet --disable-pip-version-check)
  retry "${pip[@]}" --upgrade 'pip>=25.1' || return 1
  (cd "$ROOT/lock" && retry "${pip[@]}" --group ingest --constraint constraints.txt)
}

fetch_lock() {
  mkdir -p "$ROOT/lock"
  local name
  for name in constraints.txt pyproject.toml; do
    retry aws s3 cp --quiet --region "$REGION" "$RUNS/$RUN_ID/$name" "$ROOT/lock/$name" || return 1
  done
  (cd "$ROOT/lock" && printf %s "$LOCK_SUMS" | sha256sum --check --quiet) || {
    say "the lock is not the one that this machine was launched with"
    return 1
  }
}

# --- the runner -----------------------------------------------------------------------------------

# The one that GitHub published last when the machine was launched, by its published checksum.
fetch_runner() {
  local file=runner.tar.gz
  mkdir -p "$ROOT/runner"
  retry curl --fail --silent --show-error --location --max-time 300 \
    --output "$ROOT/$file" "$RUNNER_URL" || return 1
  echo "$RUNNER_SHA256  $ROOT/$file" | sha256sum --check --quiet || {
    say "the runner's checksum is wrong: it is not started"
    return 1
  }
  tar -xzf "$ROOT/$file" -C "$ROOT/runner"
}

# What jobs see: the environment first in PATH, and a hook that stops the idle timer. The hook
# refuses every job but the one that the machine was launched for: GitHub gives a runner to any job
# that asks for its label (https://docs.github.com/en/actions/how-tos/manage-runners/self-hosted-runners/run-scripts).
prepare_runner() {
  id runner >/dev/null 2>&1 || useradd --create-home runner
  printf %s "$JOB" >"$ROOT/job"
  cat >"$ROOT/started.sh" <<END
#!/bin/bash
while read -r line; do
  name=\${line%%=*} value=\${line#*=}
  [ "\${!name:-}" = "\$value" ] && continue
  echo "::error::refused: this machine is for a job whose \$name is \$value, not \${!name:-unset}"
  exit 1
done <"$ROOT/job"
touch "$ROOT/runner/job-started"
END
  chmod 755 "$ROOT/started.sh"
  export ACTIONS_RUNNER_HOOK_JOB_STARTED="$ROOT/started.sh"
  export MACHINE="${MACHINE/@ID@/$ID}" MACHINE_SINCE AWS_REGION="$REGION" LAMINDB_SECRET
  export PATH="$ROOT/venv/bin:$PATH" HOME=/home/runner
  chown -R runner: "$ROOT/runner"
}

metadata() {
  local token
  token=$(curl --fail --silent --max-time 10 --request PUT "$METADATA/api/token" \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 300') || return 1
  curl --fail --silent --max-time 10 "$METADATA/$1" --header "X-aws-ec2-metadata-token: $token"
}

whoami_on_aws() {
  ID=$(metadata meta-data/instance-id)
}

# The secret that makes this machine a runner, once, below the address and the checksum of GitHub's
# runner. It is put there after the machine was launched.
read_secret() {
  local waited secret
  for ((waited = 0; waited < ONLINE_SECONDS; waited += 5)); do
    secret=$(aws secretsmanager get-secret-value --region "$REGION" \
      --secret-id "$SECRET_PREFIX$ID" --query SecretString --output text 2>/dev/null) &&
      read -r RUNNER_URL RUNNER_SHA256 JIT <<<"$secret" && [ -n "$JIT" ] && return 0
    sleep 5
  done
  say "no runner was handed over within $ONLINE_SECONDS s"
  return 1
}

delete_secret() {
  retry aws secretsmanager delete-secret --region "$REGION" \
    --secret-id "$SECRET_PREFIX$ID" --force-delete-without-recovery >/dev/null
}

# By the environment, which other users can't read; arguments they can.
run_one_job() {
  cd "$ROOT/runner" || return 1
  export ACTIONS_RUNNER_INPUT_JITCONFIG="$JIT"
  unset JIT
  say "waiting for the job"
  arm_idle_stop
  arm_early_end
  local code
  runuser -u runner -- ./run.sh 2>&1 | tee "$ROOT/runner.log"
  code=${PIPESTATUS[0]}
  kill "$EARLY_END"
  # https://github.com/actions/runner/issues/3658
  if grep -q 'is deprecated and cannot receive messages' "$ROOT/runner.log"; then
    say "GitHub refuses this runner: it is too old"
  fi
  return "$code"
}

work() {
  retry whoami_on_aws || return 1
  install_packages && fetch_lock && install_environment && read_secret || return 1
  fetch_runner && prepare_runner || return 1
  delete_secret || say "the secret stays until the reaper finds it"
  run_one_job
}

if [ "${1:-}" = environment ]; then
  install_packages && install_environment
  exit
fi

trap finish EXIT
trap 'exit 143' TERM INT
mkdir -p "$ROOT"
exec > >(tee -a "$ROOT/bootstrap.log") 2>&1
MACHINE_SINCE=$(date -u +%FT%TZ)
arm_hard_stop
say "run $RUN_ID"
work
