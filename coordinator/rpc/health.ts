import type { ServiceDefinition } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { addedServices } from './added-services.js';
import type { Service } from './service.js';

/** `grpc.health.v1`: which services of a door are answered now. */
export interface Health {
  readonly service: Service;
  /** @param serving names of the services that are answered from now on; '' for the whole */
  serve(serving: ReadonlySet<string>): void;
}

/** At first nothing is served. @param services names of all that will ever be */
export function createHealth(services: readonly string[]): Health {
  const all = ['', ...services];
  const health = new HealthImplementation(Object.fromEntries(all.map((name) => [name, 'NOT_SERVING'])));
  const [service] = addedServices((server) => health.addToServer(server));
  return {
    service: service!,
    serve(serving) {
      for (const name of all) health.setStatus(name, serving.has(name) ? 'SERVING' : 'NOT_SERVING');
    },
  };
}

/** A service's full name, as `assay.v1.StudyService`. */
export function serviceName(definition: ServiceDefinition): string {
  const [method] = Object.values(definition);
  return method!.path.split('/')[1]!;
}
