import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { PROBE_PATHS } from '../../telemetry/probes.js';
import { parseWorkerConfig } from '../../worker/config.js';
import { mainFile } from '../e2e/cluster.js';
import { faultsOf, type Line } from './assay-words.js';
import { DEPLOY, missing, ROOT, run } from './programs.js';

// Programs of others, some of them slow to start.
vi.setConfig({ testTimeout: 120_000 });

/* Everything that Kubernetes would be given, as kubectl makes it, checked without a cluster. */

type Json = Readonly<Record<string, unknown>>;
interface Manifest extends Json {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
}
type Labels = Readonly<Record<string, string>>;
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: string };
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}
interface PodSpec {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Json;
  readonly containers: readonly (Container & { readonly securityContext: Json })[];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly configMap?: { readonly name: string };
  }[];
}
interface Workload extends Manifest {
  readonly spec: {
    readonly serviceName?: string;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

const KUBERNETES = path.join(DEPLOY, 'kubernetes');
const OVERLAYS = ['base', ...readdirSync(path.join(KUBERNETES, 'overlays')).map((name) => `overlays/${name}`)];
/** What make-secrets.sh makes. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'assay-tls': ['ca.crt', 'tls.crt', 'tls.key'],
  'assay-tokens': ['admin', 'submit', 'view', 'worker'],
  'assay-nats': ['password'],
};

const KUBECTL = missing('kubectl');
beforeEach((test) => {
  if (KUBECTL !== undefined) test.skip(KUBECTL);
});

const built = new Map<string, readonly Manifest[]>();

function build(overlay: string): readonly Manifest[] {
  const known = built.get(overlay);
  if (known !== undefined) return known;
  const { code, stdout, text } = run('kubectl', ['kustomize', path.join(KUBERNETES, overlay)]);
  expect(text.replace(stdout, '')).toBe('');
  expect(code).toBe(0);
  const manifests = read(stdout);
  built.set(overlay, manifests);
  return manifests;
}

function read(yaml: string): Manifest[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

const isWorkload = (manifest: Manifest): manifest is Workload => ['Deployment', 'StatefulSet'].includes(manifest.kind);
const named = (manifests: readonly Manifest[], kind: string): string[] =>
  manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);

/** Where the models of a version of Kubernetes' objects lie. */
function moduleOf({ apiVersion }: Manifest): string {
  if (apiVersion.startsWith('keda.sh/')) return `@kubernetes-models/keda/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
}

/** By the schemas of Kubernetes and KEDA, and against their types, which know no fields that there are not. */
function validate(manifests: readonly Manifest[]): string[] {
  const require = createRequire(import.meta.url);
  const faults: string[] = [];
  for (const manifest of manifests) {
    const models = require(moduleOf(manifest)) as Record<string, new (data: Json) => { validate(): void }>;
    try {
      new models[manifest.kind]!(manifest).validate();
    } catch (error) {
      faults.push(`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`);
    }
  }
  return [...faults, ...excess(manifests)];
}

function excess(manifests: readonly Manifest[]): string[] {
  const folder = mkdtempSync(path.join(ROOT, 'node_modules', '.assay-manifests-'));
  try {
    const lines = manifests.map((manifest, i) => {
      const type = `import('${moduleOf(manifest)}').I${manifest.kind}`;
      return `export const m${i}: ${type} = ${JSON.stringify(manifest)};`;
    });
    const file = path.join(folder, 'manifests.ts');
    writeFileSync(file, lines.join('\n'));
    const options = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const { text } = run(path.join(ROOT, 'node_modules', '.bin', 'tsc'), [...options, file]);
    return text.split('\n').filter((line) => line.trim() !== '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each(OVERLAYS)('deploy/kubernetes/%s', (overlay) => {
  it('refers to nothing that is not there', () => {
    expect(dangling(build(overlay))).toEqual([]);
  });

  it('gives a pod no rights, and time to leave', () => {
    const { stopGraceMs, drainTimeoutMs } = parseWorkerConfig({});
    const none = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
    for (const { metadata, spec } of build(overlay).filter(isWorkload)) {
      const { securityContext, containers, terminationGracePeriodSeconds } = spec.template.spec;
      expect({ ...metadata, securityContext, containers }).toMatchObject({
        securityContext: { runAsNonRoot: true },
        containers: containers.map(() => ({ securityContext: none })),
      });
      // To stop, and to save what was stopped; results and checkpoints have the second again.
      expect(terminationGracePeriodSeconds * 1000).toBeGreaterThan(2 * (stopGraceMs + drainTimeoutMs));
    }
  });
});

describe('all of them', () => {
  it('are what Kubernetes and KEDA know', () => {
    const all = OVERLAYS.flatMap((overlay) => build(overlay));
    const different = new Map(all.map((manifest) => [JSON.stringify(manifest), manifest]));
    expect(validate([...different.values()])).toEqual([]);
    const outside = all.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'assay');
    expect(outside.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  });

  it('say to the program only what it understands', () => {
    const lines: Line[] = [];
    for (const overlay of OVERLAYS) {
      for (const { metadata, spec } of build(overlay).filter(isWorkload)) {
        for (const container of spec.template.spec.containers.filter(({ image }) => image.startsWith('assay-'))) {
          const env = new Map((container.env ?? []).map(({ name, value = 'pod-0' }) => [name, value]));
          const fill = (word: string): string => word.replaceAll(/\$\((\w+)\)/g, (_, name: string) => env.get(name)!);
          const name = `${overlay} ${metadata.name}`;
          lines.push({ name, words: container.args.map(fill), variables: [...env.keys()] });
          for (const { httpGet } of probesOf(container)) expect(PROBE_PATHS).toContain(httpGet.path.split('?')[0]);
          const places = container.volumeMounts.map(({ mountPath }) => mountPath);
          const files = [...container.args, ...env.values()].flatMap(
            (word) => word.match(/(?<==|^)\/(?:etc|var|scratch)\S*/g) ?? [],
          );
          expect(files.filter((file) => !places.some((place) => file.startsWith(place)))).toEqual([]);
        }
      }
    }
    expect(lines).toHaveLength(2 * OVERLAYS.length);
    expect(faultsOf(lines)).toEqual([]);
  });
});

it('finds what is named and is not there', () => {
  const without = build('base').filter(
    ({ kind, metadata }) => kind !== 'ServiceAccount' || metadata.name !== 'assay-worker',
  );
  expect(dangling(without)).toEqual(['Deployment assay-worker names assay-worker']);
  const workers = build('base').filter(({ metadata }) => metadata.name !== 'assay-coordinator');
  expect(dangling(workers).join()).toContain('Service assay-coordinators selects 0 workloads');
});

it('finds fields that there are not, and values of the wrong kind', () => {
  const [deployment] = build('base').filter(({ kind }) => kind === 'Deployment') as [Manifest & { spec: Json }];
  expect(validate([{ ...deployment, spec: { ...deployment.spec, replicsa: 2 } }]).join()).toContain('replicsa');
  expect(validate([{ ...deployment, spec: { ...deployment.spec, replicas: '2' } }]).join()).toContain('integer');
});

it('makes the secrets that the manifests name, once', (test) => {
  const openssl = missing('openssl');
  if (openssl !== undefined) test.skip(openssl);
  const folder = mkdtempSync(path.join(ROOT, 'node_modules', '.assay-secrets-'));
  try {
    const assay = path.join(folder, 'assay');
    writeFileSync(assay, `#!/bin/sh\nexec ${process.execPath} ${mainFile()} "$@"\n`, { mode: 0o755 });
    const make = () => run(path.join(KUBERNETES, 'make-secrets.sh'), [path.join(folder, 'keys')], { ASSAY: assay });
    const first = make();
    expect(first).toMatchObject({ code: 0 });
    const secrets = read(first.stdout) as (Manifest & { readonly data: Labels })[];
    expect(Object.fromEntries(secrets.map(({ metadata, data }) => [metadata.name, Object.keys(data).sort()]))).toEqual(
      SECRETS,
    );
    expect(validate(secrets.map(({ metadata, ...rest }) => ({ ...rest, metadata: { name: metadata.name } })))).toEqual(
      [],
    );
    const worker = secrets.find(({ metadata }) => metadata.name === 'assay-tokens')!.data['worker']!;
    expect(Buffer.from(worker, 'base64').toString()).toBe(
      readFileSync(path.join(folder, 'keys', 'tokens', 'worker'), 'utf8'),
    );
    expect(make().stdout).toBe(first.stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What manifests name and nothing is called. */
function dangling(manifests: readonly Manifest[]): string[] {
  const faults: string[] = [];
  const need = (there: readonly unknown[] | undefined, name: unknown, by: string): void => {
    if (there?.includes(name) !== true) faults.push(`${by} names ${String(name)}`);
  };
  const workloads = manifests.filter(isWorkload);
  const needPods = (selector: Labels, by: string): Workload | undefined => {
    const pods = podsOf(workloads, selector);
    if (pods.length !== 1) faults.push(`${by} selects ${pods.length} workloads`);
    return pods[0];
  };
  for (const { kind, metadata, spec } of workloads) {
    const by = `${kind} ${metadata.name}`;
    const pod = spec.template.spec;
    need(named(manifests, 'ServiceAccount'), pod.serviceAccountName, by);
    if (kind === 'StatefulSet') need(named(manifests, 'Service'), spec.serviceName, by);
    for (const [label, value] of Object.entries(spec.selector.matchLabels)) {
      need([spec.template.metadata.labels[label]], value, by);
    }
    for (const { secret, configMap } of pod.volumes) {
      if (secret !== undefined) need(Object.keys(SECRETS), secret.secretName, by);
      if (configMap !== undefined) need(named(manifests, 'ConfigMap'), configMap.name, by);
    }
    const volumes = [...pod.volumes, ...(spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata)];
    for (const container of pod.containers) {
      for (const { name } of container.volumeMounts)
        need(
          volumes.map((volume) => volume.name),
          name,
          by,
        );
      for (const { name } of volumes)
        need(
          container.volumeMounts.map((mount) => mount.name),
          name,
          by,
        );
      for (const { valueFrom } of container.env ?? []) {
        const ref = valueFrom?.secretKeyRef;
        if (ref !== undefined) need(SECRETS[ref.name], ref.key, by);
      }
      for (const { httpGet } of probesOf(container))
        need(
          container.ports!.map(({ name }) => name),
          httpGet.port,
          by,
        );
    }
  }
  for (const manifest of manifests) {
    const by = `${manifest.kind} ${manifest.metadata.name}`;
    const spec = manifest['spec'] as Json;
    const words = JSON.stringify(spec);
    switch (manifest.kind) {
      case 'Service': {
        const { selector, ports } = spec as { selector: Labels; ports: { targetPort: string }[] };
        for (const { targetPort } of ports) need(portsOf(needPods(selector, by)), targetPort, by);
        break;
      }
      case 'PodDisruptionBudget':
        needPods((spec as { selector: { matchLabels: Labels } }).selector.matchLabels, by);
        break;
      case 'NetworkPolicy':
        for (const [, port] of words.matchAll(/"port":"([^"]+)"/g)) need(workloads.flatMap(portsOf), port, by);
        for (const [, component] of words.matchAll(/"(app.kubernetes.io\/component":"[^"]+)"/g)) {
          const [label, value] = component!.split('":"') as [string, string];
          needPods({ [label]: value }, by);
        }
        break;
      case 'ScaledObject': {
        const { scaleTargetRef } = spec as { scaleTargetRef: { kind: string; name: string } };
        need(named(manifests, scaleTargetRef.kind), scaleTargetRef.name, by);
        break;
      }
    }
  }
  return faults;
}

function portsOf(workload: Workload | undefined): string[] {
  return (workload?.spec.template.spec.containers ?? []).flatMap(({ ports }) => (ports ?? []).map(({ name }) => name));
}

function probesOf({ startupProbe, livenessProbe, readinessProbe }: Container): Probe[] {
  return [startupProbe, livenessProbe, readinessProbe].filter((probe) => probe !== undefined);
}

function podsOf(workloads: readonly Workload[], selector: Labels): readonly Workload[] {
  return workloads.filter(({ spec }) => {
    return Object.entries(selector).every(([key, value]) => spec.template.metadata.labels[key] === value);
  });
}
