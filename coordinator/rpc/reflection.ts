import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MethodDefinition, Server, ServiceDefinition, UntypedHandleCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';
import { packagePath } from '../../proto/package-path.js';

const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'] as const;
const METHOD = 'ServerReflectionInfo';

/** The only method of a reflection service, and what answers it. */
interface Reflection {
  readonly method: MethodDefinition<unknown, unknown>;
  readonly handler: UntypedHandleCall;
}

/**
 * Lets clients that know nothing of this program ask what can be called, out of the same files that it is generated from.
 * Nobody may ever ask, so these are read with the first question.
 */
export function addReflection(server: Server): void {
  let loaded: ReadonlyMap<string, Reflection> | undefined;
  for (const service of SERVICES) {
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
    const handler = (call: never): void => (real().handler as (call: never) => void)(call);
    server.addService({ [METHOD]: method }, { [METHOD]: handler as UntypedHandleCall });
  }
}

/** By path. */
function loadReflection(): ReadonlyMap<string, Reflection> {
  const folder = packagePath('proto');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
  const all = [...files.map((name) => join(folder, name)), healthProto];
  const found = new Map<string, Reflection>();
  const collector = {
    addService(definition: ServiceDefinition, handlers: Readonly<Record<string, UntypedHandleCall>>): void {
      const method = definition[METHOD] as MethodDefinition<unknown, unknown>;
      found.set(method.path, { method, handler: handlers[METHOD]! });
    },
  };
  new ReflectionService(loadSync(all, { includeDirs: [folder] })).addToServer(collector as unknown as Server);
  return found;
}
