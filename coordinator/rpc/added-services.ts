import type { Server } from '@grpc/grpc-js';
import type { Service } from './service.js';

/** The services that a library would add to a server of its own, so that a door can have them. */
export function addedServices(add: (server: Server) => void): Service[] {
  const services: Service[] = [];
  const collector: Pick<Server, 'addService'> = {
    addService(definition, implementation) {
      // A method goes by the name in its file or by that in the code.
      const handlers = Object.entries(definition).map(([name, { originalName = name }]) => [
        name,
        implementation[name] ?? implementation[originalName],
      ]);
      services.push({ definition, handlers: Object.fromEntries(handlers) as object });
    },
  };
  add(collector as Server);
  return services;
}
