import { statSync } from 'node:fs';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_ADDRESS } from '../proto/channel.js';
import type { ClientAccess } from '../proto/client-access.js';
import { splitAddresses } from '../proto/leader.js';
import { LONGEST_BACKOFF_MS } from './backoff.js';
import { WorkerConfigError } from './errors.js';
import type { Permissions } from './own-code/permissions.js';
import { BACKEND_NAMES } from './train/backend/backend.js';

/** How a worker is set up. Frozen; every value is checked. */
export interface WorkerConfig {
  /** The coordinator's host:port; those of a cluster's coordinators with commas between them. */
  readonly coordinator: string;
  /** What is shown to the coordinator. */
  readonly access: ClientAccess;
  /** What people read. Default: the host's name and the process id. */
  readonly name: string;
  /** How many attempts run at a time. Default: what the GPUs take, or else the processor's cores. */
  readonly slots?: number | undefined;
  /** Training backend by name, or `auto` for the best that runs here. */
  readonly backend: string;
  /** Folder with data sets, absolute; undefined for none. */
  readonly datasetsDir?: string | undefined;
  /** Folder for downloaded and decoded data, absolute. Default: `assay` in the user's folder for caches. */
  readonly cacheDir: string;
  /** Address of a server of one's own that is asked for data sets in the place of the public ones. */
  readonly mirror?: string | undefined;
  /** Whether nothing may be downloaded. */
  readonly offline: boolean;
  /** What of a study's own code may run here. */
  readonly permissions: Permissions;
  /** Which GPUs attempts may use: all that are visible, none, or those with these ids. */
  readonly gpus: 'auto' | 'none' | readonly string[];
  /** How many attempts share a GPU. Default: one. */
  readonly slotsPerGpu?: number | undefined;
  /** Folder for the folders of attempts, absolute. Default: one of the user's in the folder for temporary files. */
  readonly scratchDir: string;
  /** Most that an attempt may print where its study does not say, bytes. */
  readonly outputLimitBytes: number;
  /** host:port at which health and figures are told; absent: nowhere. */
  readonly metrics?: string | undefined;
  /** Whether `metrics` may be an address that other machines can reach: all is told in plain text, to everybody. */
  readonly insecure: boolean;
  /** For studies that require them. */
  readonly labels: Readonly<Record<string, string>>;
  /** How long an attempt that was told to stop may take before it is killed, milliseconds. */
  readonly stopGraceMs: number;
  /** How long the results of a draining worker may wait for their acknowledgement, milliseconds. */
  readonly drainTimeoutMs: number;
  /** How long the coordinator may take to answer an attach, milliseconds. */
  readonly attachTimeoutMs: number;
  /** Longest pause between two tries to connect, milliseconds. */
  readonly reconnectMaxMs: number;
}

const ADDRESS = /^(\[[0-9a-fA-F:.%]+\]|[^\s:/[\]]+):(\d{1,5})$/;
const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const DAY_MS = 86_400_000;

const folder = z
  .string()
  .transform((path) => resolve(path))
  .refine(isFolder, { error: (issue) => `${String(issue.input)} is no folder that can be read` });

const fields = z.strictObject({
  coordinator: z
    .string()
    .refine((text) => splitAddresses(text).every(isAddress), {
      error: `must be host:port with a port from 1 to 65535, such as ${DEFAULT_ADDRESS}, or several with commas`,
    })
    .default(DEFAULT_ADDRESS),
  access: z
    .strictObject({
      tls: z.boolean().optional(),
      caFile: z.string().optional(),
      certFile: z.string().optional(),
      keyFile: z.string().optional(),
      serverName: z.string().optional(),
      token: z.string().optional(),
      tokenFile: z.string().optional(),
    })
    .prefault({}),
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}*$/u, { error: 'must not hold control characters' })
    .default(() => `${hostname().slice(0, 80)}-${process.pid}`),
  slots: z.int().min(1).max(1024).optional(),
  backend: z.enum(BACKEND_NAMES).default('auto'),
  datasetsDir: folder.optional(),
  permissions: z
    .strictObject({
      modules: z.array(folder).default([]),
      command: z.boolean().default(false),
      commandFolders: z.array(folder).default([]),
      upload: z.boolean().default(false),
      git: z.array(z.string()).default([]),
      environment: z
        .array(
          z.string().regex(/^([A-Za-z_][A-Za-z0-9_]{0,254}\*?|\*)$/, {
            error: 'must be the name of an environment variable, or the beginning of some with * behind',
          }),
        )
        .default([]),
    })
    .prefault({}),
  gpus: z.union([z.enum(['auto', 'none']), z.array(z.string().min(1)).min(1)]).default('auto'),
  slotsPerGpu: z.int().min(1).max(256).optional(),
  scratchDir: z
    .string()
    .min(1)
    .transform((path) => resolve(path))
    .default(() => join(tmpdir(), `assay-${userInfo().uid}`)),
  outputLimitBytes: z
    .int()
    .min(1)
    .default(512 * 2 ** 20),
  cacheDir: z
    .string()
    .min(1)
    .transform((path) => resolve(path))
    .default(usualCacheDir),
  mirror: z
    .string()
    .transform((address) => address.replace(/\/+$/, ''))
    .refine(isWebAddress, { error: 'must be an address such as http://mirror.example/datasets' })
    .optional(),
  offline: z.boolean().default(false),
  metrics: z
    .string()
    .refine((text) => ADDRESS.test(text) && Number(ADDRESS.exec(text)?.[2]) <= 65_535, {
      error: 'must be host:port, such as 127.0.0.1:9464',
    })
    .optional(),
  insecure: z.boolean().default(false),
  labels: z
    .record(
      z.string().regex(LABEL_KEY, {
        error: 'a label begins with a letter or digit and goes on with those, ".", "_", "/" or "-", at most 63 in all',
      }),
      z.string().max(100),
    )
    .default({}),
  stopGraceMs: z.int().min(0).max(DAY_MS).default(2_000),
  drainTimeoutMs: z.int().min(0).max(DAY_MS).default(5_000),
  attachTimeoutMs: z.int().min(1).max(DAY_MS).default(20_000),
  reconnectMaxMs: z.int().min(1).max(DAY_MS).default(LONGEST_BACKOFF_MS),
});

const schema: z.ZodType<WorkerConfig, unknown> = fields.refine(
  ({ metrics, insecure }) => metrics === undefined || insecure || !ADDRESS.test(metrics) || isLoopback(metrics),
  {
    path: ['metrics'],
    error:
      'can be reached from other machines, which are told everything in plain text: say --insecure as well, or 127.0.0.1',
  },
);

/**
 * Checks a worker's configuration and fills in what is not said.
 *
 * @throws {WorkerConfigError} with all faults at once
 */
export function parseWorkerConfig(input: unknown): WorkerConfig {
  const result = schema.safeParse(input);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`);
  throw new WorkerConfigError(faults.join('\n'));
}

function isAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[2]);
  return port >= 1 && port <= 65_535;
}

function isLoopback(address: string): boolean {
  const host = ADDRESS.exec(address)?.[1] ?? '';
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function isWebAddress(text: string): boolean {
  const { protocol } = URL.canParse(text) ? new URL(text) : { protocol: '' };
  return protocol === 'http:' || protocol === 'https:';
}

/** @see https://specifications.freedesktop.org/basedir-spec/latest/ */
function usualCacheDir(): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'assay');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
