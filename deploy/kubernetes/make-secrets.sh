#!/usr/bin/env bash
# Prints the secrets that the manifests name, for `kubectl apply -f -`: certificates of an authority of your own, a token
# for each role, and a password for NATS. What they are made from is kept in FOLDER, readable by you alone, and used again
# when it is there: `assay init-tls --renew --out FOLDER/tls --host ...` and another run renew the certificates.
#
#   deploy/kubernetes/make-secrets.sh FOLDER | kubectl apply -f -
#
# Needs assay, kubectl and openssl.
set -eu
umask 077
folder=${1:?say in which folder the keys and tokens are to be kept}
service=assay-coordinator
# Under these names it is reached: by workers, by KEDA, and each of three through its own.
hosts="$service,$service.assay,$service.assay.svc,$service.assay.svc.cluster.local,*.assay-coordinators.assay.svc"

mkdir -p "$folder/tokens"
[ -e "$folder/tls/ca.crt" ] || "${ASSAY:-assay}" init-tls --out "$folder/tls" --host "$hosts" >&2
# Without a line's end, which would be a part of what a variable holds; a letter first, or NATS may take it for a number.
draw() { [ -s "$1" ] || printf 't%s' "$(openssl rand -hex 32)" >"$1"; }
for role in admin submit view worker; do draw "$folder/tokens/$role"; done
draw "$folder/nats-password"

secret() { # name, --from-file...
  kubectl create secret generic "$@" --namespace assay --dry-run=client --output yaml
  echo ---
}
tls=$folder/tls
secret assay-tls --from-file=tls.crt="$tls/coordinator.crt" --from-file=tls.key="$tls/coordinator.key" --from-file=ca.crt="$tls/ca.crt"
secret assay-tokens --from-file="$folder/tokens"
secret assay-nats --from-file=password="$folder/nats-password"
