#!/usr/bin/env bash
# Gets the programs that check deploy/ from Debian's packages: docker-compose, kubectl, shellcheck, systemd-analyze, and a
# Slurm to try the workers in. Nothing is started. What cannot be had is said; the tests that need it then skip.
set -u
wanted=()
need() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || wanted+=("$2"); } # program, package
need docker-compose docker-compose
need kubectl kubernetes-client
need shellcheck shellcheck
need systemd-analyze systemd
need sbatch slurm-client
need slurmctld slurmctld
need slurmd slurmd
need munged munge
[ ${#wanted[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed: ${wanted[*]}; the tests that need them will be skipped"
  exit 0
fi
apt-get update >/dev/null 2>&1
for package in "${wanted[@]}"; do
  # RUNLEVEL: packages of services do not start them.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
    echo "$package: apt-get could not install it; the tests that need it will be skipped"
done
