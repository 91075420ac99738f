/** Where spans go. */
export type TraceProtocol = 'http/protobuf' | 'http/json' | 'grpc';

/** What the standard variables say of traces. */
export interface TraceSettings {
  readonly protocol: TraceProtocol;
  readonly sampler: SamplerSetting;
}

export type SamplerSetting =
  | { readonly kind: 'always_on' }
  | { readonly kind: 'always_off' }
  | { readonly kind: 'traceidratio'; readonly ratio: number };

/** A variable has a value that cannot be used. */
export class TraceSettingsError extends Error {
  override readonly name = 'TraceSettingsError';
}

const PROTOCOLS: readonly string[] = ['http/protobuf', 'http/json', 'grpc'] satisfies TraceProtocol[];

/**
 * Reads the variables that OpenTelemetry has for this. The exporter itself reads those of the endpoint, its headers and
 * certificates.
 *
 * @returns undefined when traces are not asked for: no endpoint is named, or they are switched off
 * @throws {TraceSettingsError}
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readTraceSettings(env: Readonly<Record<string, string | undefined>>): TraceSettings | undefined {
  const said = (name: string): string => (env[name] ?? '').trim();
  const endpoint = said('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || said('OTEL_EXPORTER_OTLP_ENDPOINT');
  const off = said('OTEL_SDK_DISABLED').toLowerCase() === 'true' || said('OTEL_TRACES_EXPORTER') === 'none';
  if (endpoint === '' || off) return undefined;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new TraceSettingsError(
      `OTEL_EXPORTER_OTLP_ENDPOINT ${JSON.stringify(endpoint)} must be a URL such as http://localhost:4318`,
    );
  }
  const exporter = said('OTEL_TRACES_EXPORTER') || 'otlp';
  if (exporter !== 'otlp') {
    throw new TraceSettingsError(`OTEL_TRACES_EXPORTER ${JSON.stringify(exporter)} must be otlp or none`);
  }
  const name = 'OTEL_EXPORTER_OTLP_PROTOCOL';
  const protocol = said('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') || said(name) || 'http/protobuf';
  if (!PROTOCOLS.includes(protocol)) {
    throw new TraceSettingsError(`${name} ${JSON.stringify(protocol)} must be one of ${PROTOCOLS.join(', ')}`);
  }
  const sampler = samplerOf(said('OTEL_TRACES_SAMPLER'), said('OTEL_TRACES_SAMPLER_ARG'));
  return { protocol: protocol as TraceProtocol, sampler };
}

/** Nothing is above a trial, so a sampler that follows its parent is one that does not. */
function samplerOf(name: string, argument: string): SamplerSetting {
  switch (name.replace(/^parentbased_/, '')) {
    case '':
    case 'always_on':
      return { kind: 'always_on' };
    case 'always_off':
      return { kind: 'always_off' };
    case 'traceidratio': {
      const ratio = argument === '' ? 1 : Number(argument);
      if (ratio >= 0 && ratio <= 1) return { kind: 'traceidratio', ratio };
      throw new TraceSettingsError(
        `OTEL_TRACES_SAMPLER_ARG ${JSON.stringify(argument)} must be a number from 0 to 1 for traceidratio`,
      );
    }
    default:
      throw new TraceSettingsError(
        `OTEL_TRACES_SAMPLER ${JSON.stringify(name)} must be always_on, always_off or traceidratio, or one of these with parentbased_ before it`,
      );
  }
}
