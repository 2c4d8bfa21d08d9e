#!/bin/sh
# Runs a command with LaminDB's API key in its environment, and nowhere else: read when the job
# starts, by the machine's own role, from the secret that LAMINDB_SECRET names. Without a name, none.
set -u
if [ -n "${LAMINDB_SECRET:-}" ]; then
  LAMIN_API_KEY=$(aws secretsmanager get-secret-value --region "$AWS_REGION" \
    --secret-id "$LAMINDB_SECRET" --query SecretString --output text) || {
    echo "with-key: the secret $LAMINDB_SECRET can't be read with this machine's role" >&2
    exit 2
  }
  case "$LAMIN_API_KEY" in "" | None) # as which a secret that is kept as bytes is printed
    echo "with-key: the secret $LAMINDB_SECRET has no text; keep LaminDB's API key as its text" >&2
    exit 2
    ;;
  esac
  export LAMIN_API_KEY
fi
export MACHINE_SINCE="${MACHINE_SINCE:-$(date -u +%FT%TZ)}"
exec "$@"
