// Compiles worker/train/backend/wasm/assembly (AssemblyScript) into kernels-binary.ts beside it, which holds the
// module as text: no file has to be found at run time, whatever bundles or copies the code. Commit the result.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = new URL('../worker/train/backend/wasm/', import.meta.url);
const DATA_SECTION = 11;
let binary;
const { error } = await asc.main(
  [
    'index.ts',
    ...['--baseDir', fileURLToPath(new URL('assembly/', folder))],
    ...['--outFile', 'kernels.wasm', '--enable', 'simd', '--importMemory', '--noExportMemory'],
    ...['--runtime', 'stub', '-O3', '--noAssert', '--pedantic'],
  ],
  {
    stderr: process.stderr,
    writeFile: (_name, contents) => {
      binary = contents;
    },
  },
);
if (error !== null) throw error;
// The kernels work on the engine's memory: data of their own would lie on the engine's.
if (sections(binary).includes(DATA_SECTION)) throw new Error('the kernels have static data, such as a table of Mathf');
const base64 = Buffer.from(binary).toString('base64');
await writeFile(
  new URL('kernels-binary.ts', folder),
  `// Written by \`npm run generate:kernels\` from assembly/; do not edit.\nexport const KERNELS_BASE64: string =\n  '${base64}';\n`,
);
process.stdout.write(`kernels: ${binary.length} bytes\n`);

/** The kinds of a module's sections. */
function sections(module) {
  const kinds = [];
  for (let at = 8; at < module.length; ) {
    kinds.push(module[at++]);
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      length |= (module[at] & 127) << shift;
      more = module[at++] >= 128;
    }
    at += length;
  }
  return kinds;
}
