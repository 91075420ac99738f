import type { GetMetricsRequest, ScaledObjectRef } from '../../proto/index.js';

/**
 * KEDA shows no token with its calls, but what stands in a trigger's metadata comes with every one of them: `tokenFromEnv`
 * names a variable of the workers, and arrives as what that holds. The token is taken out, so that nothing behind the door
 * can say it.
 *
 * @param path of the method, any
 */
export function takeTriggerToken(path: string, request: unknown): string | undefined {
  if (!path.startsWith('/externalscaler.')) return undefined;
  const asked = request as Partial<GetMetricsRequest & ScaledObjectRef> | undefined;
  const metadata = asked?.scaledObjectRef?.scalerMetadata ?? asked?.scalerMetadata;
  const token = metadata?.['tokenFromEnv'];
  if (metadata !== undefined) delete (metadata as Record<string, string>)['tokenFromEnv'];
  return token;
}
