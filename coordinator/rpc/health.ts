import type { Server, ServiceDefinition } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** `grpc.health.v1`: which services of a door are answered now. */
export interface Health {
  /** @param serving names of the services that are answered from now on; '' for the whole */
  serve(serving: ReadonlySet<string>): void;
  addTo(server: Server): void;
}

/** At first nothing is served. @param services names of all that will ever be */
export function createHealth(services: readonly string[]): Health {
  const all = ['', ...services];
  const health = new HealthImplementation(Object.fromEntries(all.map((name) => [name, 'NOT_SERVING'])));
  return {
    serve(serving) {
      for (const name of all) health.setStatus(name, serving.has(name) ? 'SERVING' : 'NOT_SERVING');
    },
    addTo: (server) => health.addToServer(server),
  };
}

/** A service's full name, as `assay.v1.StudyService`. */
export function serviceName(definition: ServiceDefinition): string {
  const [method] = Object.values(definition);
  return method!.path.split('/')[1]!;
}
