import type { Registry } from 'prom-client';

/** How far a process has come. */
export interface Standing {
  /** `standby`: well, but another one does the work. */
  readonly state: 'ready' | 'standby' | 'not_ready';
  /** One line for people. */
  readonly words: string;
}

/** What can be asked of a process from outside, whichever server answers. */
export interface Probes {
  readonly registry: Registry;
  standing(): Standing;
}

export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly type: string;
  readonly body: string;
}

const PLAIN = 'text/plain; charset=utf-8';

/** The paths that {@link probe} answers. */
export const PROBE_PATHS = ['/healthz', '/readyz', '/metrics'] as const;

export type ProbePath = (typeof PROBE_PATHS)[number];

/**
 * Answers one of the paths:
 *
 * - `/healthz`: the process lives. Whoever gets no answer may start it anew.
 * - `/readyz`: it does its work now. A standby does not, but is well: `?standby=ok` asks for that.
 * - `/metrics`: its figures, as Prometheus reads them.
 */
export async function probe(probes: Probes, path: ProbePath, query: URLSearchParams): Promise<ProbeAnswer> {
  switch (path) {
    case '/healthz':
      return { status: 200, type: PLAIN, body: 'ok\n' };
    case '/readyz': {
      const { state, words } = probes.standing();
      const ready = state === 'ready' || (state === 'standby' && query.get('standby') === 'ok');
      return { status: ready ? 200 : 503, type: PLAIN, body: `${words}\n` };
    }
    case '/metrics':
      return { status: 200, type: probes.registry.contentType, body: await probes.registry.metrics() };
  }
}

export function isProbePath(path: string): path is ProbePath {
  return (PROBE_PATHS as readonly string[]).includes(path);
}
