import { execFile } from 'node:child_process';
import { parse } from 'csv-parse/sync';

/** A GPU as the driver's own tool describes it; what it does not say is undefined. */
export interface FoundGpu {
  /** What `CUDA_VISIBLE_DEVICES` calls it. */
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly driver: string;
  readonly memoryBytes: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  /** 0 to 1. */
  readonly utilization: number | undefined;
}

/** What came of asking. A machine without the tool has no GPUs, which is no fault. */
export type GpuAnswer = { readonly gpus: readonly FoundGpu[]; readonly fault: string };

const FIELDS = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'memory.total',
  'memory.used',
  'utilization.gpu',
  'mig.mode.current',
];

/** A driver that hangs is not waited for. */
const PATIENCE_MS = 15_000;

/** Asks `nvidia-smi`, found in PATH. Never throws. */
export async function askNvidiaSmi(): Promise<GpuAnswer> {
  const answer = await run([`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits']);
  if (!answer.ok) return { gpus: [], fault: answer.fault };
  try {
    const rows = readGpus(answer.output);
    if (!rows.some(({ mig }) => mig)) return { gpus: rows.map(({ gpu }) => gpu), fault: '' };
    // Parts of a GPU are only in the list for people.
    const list = await run(['-L']);
    if (!list.ok) return { gpus: [], fault: list.fault };
    return { gpus: withParts(rows, list.output), fault: '' };
  } catch (error) {
    return { gpus: [], fault: `nvidia-smi said what cannot be read: ${String(error)}` };
  }
}

type Ran = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly fault: string };

function run(args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL', encoding: 'utf8', maxBuffer: 4 << 20 } as const;
    execFile('nvidia-smi', args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ ok: true, output: stdout });
      else if ('code' in error && error.code === 'ENOENT') resolve({ ok: false, fault: '' });
      else
        resolve({ ok: false, fault: `nvidia-smi failed: ${firstLine(stdout) || firstLine(stderr) || error.message}` });
    });
  });
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

interface Row {
  readonly gpu: FoundGpu;
  /** Whether it is cut into parts, which are used in its place. */
  readonly mig: boolean;
}

/** Reads the table. Lines that are none, such as warnings, are passed over. */
export function readGpus(text: string): readonly Row[] {
  const rows = parse(text, { trim: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  return rows.flatMap((fields) => {
    const [index = '', uuid = '', name = '', driver = '', total, used, busy, mig] = fields;
    if (!/^\d+$/.test(index) || fields.length < FIELDS.length) return [];
    const gpu = {
      id: index,
      uuid,
      name,
      driver: known(driver) ?? '',
      memoryBytes: mebibytes(total),
      memoryUsedBytes: mebibytes(used),
      utilization: percent(busy),
    };
    return [{ gpu, mig: mig === 'Enabled' }];
  });
}

/** `[N/A]`, `[Not Supported]` and their kin. */
function known(text: string | undefined): string | undefined {
  return text === undefined || text === '' || /^\[.*\]$|^N\/A$/.test(text) ? undefined : text;
}

function mebibytes(text: string | undefined): number | undefined {
  const value = Number(known(text));
  return Number.isFinite(value) ? value * 2 ** 20 : undefined;
}

function percent(text: string | undefined): number | undefined {
  const value = Number(known(text));
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value / 100)) : undefined;
}

/** GPUs in MIG mode are replaced by their parts: lines like `  MIG 1g.10gb  Device  0: (UUID: MIG-...)`. */
export function withParts(rows: readonly Row[], list: string): readonly FoundGpu[] {
  const parts = new Map<string, FoundGpu[]>();
  let owner: FoundGpu | undefined;
  for (const line of list.split('\n')) {
    const whole = /^GPU (\d+):/.exec(line);
    if (whole !== null) owner = rows.find(({ gpu }) => gpu.id === whole[1])?.gpu;
    const [, profile, uuid] = /^\s+MIG\s+(\S+)\s+Device\s+\d+:\s+\(UUID:\s*(MIG-[^)\s]+)\)/.exec(line) ?? [];
    if (owner === undefined || profile === undefined || uuid === undefined) continue;
    const gibibytes = /(\d+)gb/.exec(profile)?.[1];
    const part: FoundGpu = {
      id: uuid,
      uuid,
      name: `${owner.name} MIG ${profile}`,
      driver: owner.driver,
      memoryBytes: gibibytes === undefined ? undefined : Number(gibibytes) * 2 ** 30,
      memoryUsedBytes: undefined,
      utilization: undefined,
    };
    parts.set(owner.id, [...(parts.get(owner.id) ?? []), part]);
  }
  return rows.flatMap(({ gpu, mig }) => (mig ? (parts.get(gpu.id) ?? []) : [gpu]));
}
