// Writes search.schema.json from the tables that the parser of search files reads by. Run it after a build.
import { writeFile } from 'node:fs/promises';
import { searchFileSchema } from '../dist/coordinator/spec/json-schema.js';

await writeFile(new URL('../search.schema.json', import.meta.url), JSON.stringify(searchFileSchema()));
