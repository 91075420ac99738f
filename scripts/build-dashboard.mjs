// Builds the dashboard's pages into dist/, with compressed copies beside each file. Where neither the pages' sources nor
// the packages they are made of have changed since the last build, there is nothing to do.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const ROOT = 'coordinator/dashboard/ui';
const OUT = 'dist/coordinator/dashboard/ui';
const MARK = 'dist/coordinator/dashboard/ui.sources';
/** What the pages are made of: their own files, and the mathematics that they share with the coordinator. */
const SOURCES = ['coordinator/dashboard', 'search', 'package-lock.json'];
const COMPRESSIBLE = /\.(js|css|html|svg|json|txt)$/;

const mark = hashOf(SOURCES.flatMap(filesIn));
if (existsSync(join(OUT, 'index.html')) && existsSync(MARK) && readFileSync(MARK, 'utf8') === mark) process.exit(0);

const { build } = await import('vite');
await build({ root: ROOT, configFile: join(ROOT, 'vite.config.ts'), logLevel: 'warn' });
for (const file of filesIn(OUT).filter((name) => COMPRESSIBLE.test(name))) {
  const content = readFileSync(file);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  writeFileSync(`${file}.br`, brotliCompressSync(content, quality));
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
}
mkdirSync('dist/coordinator/dashboard', { recursive: true });
writeFileSync(MARK, mark);

/** All files in a folder, or the file itself, in a fixed order. */
function filesIn(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
