import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';
import { packagePath } from '../../proto/package-path.js';
import { addedServices } from './added-services.js';
import type { Service } from './service.js';

const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'] as const;
const METHOD = 'ServerReflectionInfo';

/** The only method of a reflection service, and what answers it. */
interface Reflection {
  readonly method: MethodDefinition<unknown, unknown>;
  readonly handler: (call: unknown) => void;
}

/**
 * Lets clients that know nothing of this program ask what can be called, out of the same files that it is generated from.
 * Nobody may ever ask, so these are read with the first question.
 */
export function reflectionServices(): Service[] {
  let loaded: ReadonlyMap<string, Reflection> | undefined;
  return SERVICES.map((service) => {
    const path = `/${service}/${METHOD}`;
    const real = (): Reflection => {
      loaded ??= loadReflection();
      return loaded.get(path)!;
    };
    const method: MethodDefinition<unknown, unknown> = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (request) => real().method.requestSerialize(request),
      requestDeserialize: (bytes) => real().method.requestDeserialize(bytes),
      responseSerialize: (response) => real().method.responseSerialize(response),
      responseDeserialize: (bytes) => real().method.responseDeserialize(bytes),
    };
    return { definition: { [METHOD]: method }, handlers: { [METHOD]: (call: unknown) => real().handler(call) } };
  });
}

/** By path. */
function loadReflection(): ReadonlyMap<string, Reflection> {
  const folder = packagePath('proto');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
  const all = [...files.map((name) => join(folder, name)), healthProto];
  const reflection = new ReflectionService(loadSync(all, { includeDirs: [folder] }));
  return new Map(
    addedServices((server) => reflection.addToServer(server)).map(({ definition, handlers }) => {
      const method = definition[METHOD] as MethodDefinition<unknown, unknown>;
      return [method.path, { method, handler: (handlers as Record<string, Reflection['handler']>)[METHOD]! }];
    }),
  );
}
