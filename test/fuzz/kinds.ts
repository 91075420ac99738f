import { archives, commandOutput, dataSets, searchFiles } from './files.js';
import type { FuzzKind } from './kind.js';
import { FuzzedServer, httpKind, SERVICES, serviceKind } from './server.js';

/** Everything that takes input from outside. The last one's `close` ends the coordinator that some of them call. */
export async function openKinds(): Promise<FuzzKind[]> {
  const server = await FuzzedServer.start();
  const services = Object.entries(SERVICES).map(([name, definition]) => serviceKind(server, name, definition));
  const http = httpKind(server);
  const files = [searchFiles(), commandOutput(), await archives(), ...(await dataSets())];
  return [...files, ...services, { ...http, close: () => server.close() }];
}
