import type { ServiceDefinition } from '@grpc/grpc-js';

/** A service and what answers its calls. */
export interface Service {
  readonly definition: ServiceDefinition;
  readonly handlers: object;
}
