import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '../e2e/processes.js';
import { missing, run } from './programs.js';

/** Why there can be no Slurm here; undefined when there can. */
export const SLURM_MISSING: string | undefined =
  process.getuid?.() === 0 ? missing('slurmctld', 'slurmd', 'sbatch', 'munged') : 'a Slurm of one node needs root';

/**
 * A Slurm of this machine alone: controller and node daemon on free ports of loopback, authentication by a munged of its
 * own, no cgroups and no accounting. What is in the partition `high` pre-empts what is in `low`, which is requeued.
 */
export class SlurmCluster {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #daemons: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#env = { SLURM_CONF: path.join(folder, 'slurm.conf') };
  }

  static async start(): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(mkdtempSync(path.join(tmpdir(), 'assay-slurm-')));
    try {
      await cluster.#start();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  async #start(): Promise<void> {
    const { folder } = this;
    // munged runs as a user of its own and must come through.
    chmodSync(folder, 0o755);
    for (const name of ['munge', 'state', 'spool', 'jobs']) mkdirSync(path.join(folder, name));
    const munge = path.join(folder, 'munge');
    const uid = Number(run('id', ['-u', 'munge']).stdout);
    const gid = Number(run('id', ['-g', 'munge']).stdout);
    chownSync(munge, uid, gid);
    const as = { uid, gid };
    const key = path.join(munge, 'key');
    const made = spawnSync('mungekey', ['--create', `--keyfile=${key}`], as);
    if (made.status !== 0) throw new Error(`mungekey: ${made.stderr.toString()}`);
    const file = (name: string): string => path.join(munge, name);
    this.#daemon(
      'munged',
      ['--foreground', `--key-file=${key}`, `--socket=${file('socket')}`, `--pid-file=${file('pid')}`].concat([
        `--log-file=${file('log')}`,
        `--seed-file=${file('seed')}`,
      ]),
      as,
    );
    await waitFor('munged', () => run('munge', ['--no-input', `--socket=${file('socket')}`]).code === 0);
    writeFileSync(path.join(folder, 'slurm.conf'), await configuration(folder));
    this.#daemon('slurmctld', ['-D', '-c'], {});
    this.#daemon('slurmd', ['-D'], {});
    await waitFor('the node to be idle', () => this.run('sinfo', '--noheader', '--format=%T').includes('idle'));
  }

  /** Runs one of Slurm's commands, which must succeed; gives what it printed. */
  run(command: string, ...args: string[]): string {
    const { code, stdout, text } = run(command, args, this.#env, path.join(this.folder, 'jobs'));
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${text}`);
    return stdout.trim();
  }

  /** Submits a job and gives its id. */
  submit(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    const { code, stdout, text } = run('sbatch', ['--parsable', ...args], { ...this.#env, ...env }, this.jobs);
    if (code !== 0) throw new Error(`sbatch ${args.join(' ')} ended with ${code}: ${text}`);
    return stdout.trim();
  }

  /** Where jobs are submitted and leave their output. */
  get jobs(): string {
    return path.join(this.folder, 'jobs');
  }

  /** The state of a job: PENDING, RUNNING, and what `squeue` knows besides; empty when it has gone. */
  stateOf(job: string): string {
    const { stdout } = run('squeue', ['--noheader', '--format=%T', `--jobs=${job}`], this.#env);
    return stdout.trim();
  }

  async close(): Promise<void> {
    if (this.#daemons.length === 3) {
      run('scancel', ['--user=root'], this.#env);
      const empty = (): boolean => run('squeue', ['--noheader'], this.#env).stdout.trim() === '';
      await waitFor('the queue to be empty', empty).catch(() => {});
    }
    for (const daemon of this.#daemons.reverse()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      daemon.kill('SIGTERM');
      const late = setTimeout(() => daemon.kill('SIGKILL'), 10_000);
      await once(daemon, 'exit');
      clearTimeout(late);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #daemon(command: string, args: readonly string[], as: { readonly uid?: number; readonly gid?: number }): void {
    const env = { ...process.env, ...this.#env };
    this.#daemons.push(spawn(command, args, { ...as, env, stdio: 'ignore' }));
  }
}

/** Four cores, whatever this machine has; a cancelled job has the usual 30 s (KillWait) to end. */
async function configuration(folder: string): Promise<string> {
  const host = hostname().split('.')[0]!;
  return `ClusterName=assay
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge/socket
CryptoType=crypto/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
SlurmdParameters=config_overrides
KillWait=30
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=${host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=low Nodes=${host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=high Nodes=${host} Default=NO MaxTime=INFINITE State=UP PriorityTier=10
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
