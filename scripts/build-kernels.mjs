// Compiles worker/train/backend/wasm/assembly (AssemblyScript) into kernels-binary.ts beside it, which holds the
// module as text: no file has to be found at run time, whatever bundles or copies the code. Commit the result.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = new URL('../worker/train/backend/wasm/', import.meta.url);
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
const base64 = Buffer.from(binary).toString('base64');
await writeFile(
  new URL('kernels-binary.ts', folder),
  `// Written by \`npm run generate:kernels\` from assembly/; do not edit.\nexport const KERNELS_BASE64: string =\n  '${base64}';\n`,
);
process.stdout.write(`kernels: ${binary.length} bytes\n`);
