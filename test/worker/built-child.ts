import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The module that an attempt's process really runs, as it is built: Node cannot fork a TypeScript file. */
export const BUILT_CHILD: string = fileURLToPath(new URL('../../dist/worker/child.js', import.meta.url));

if (!existsSync(BUILT_CHILD)) throw new Error(`${BUILT_CHILD} is missing: run "npm run build" first`);
