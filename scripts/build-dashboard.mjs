// Builds the dashboard's pages into dist/, with compressed copies beside each file. Where neither the pages' sources nor
// the packages they are made of have changed since the last build, there is nothing to do.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const ROOT = 'coordinator/dashboard/ui';
const OUT = 'dist/coordinator/dashboard/ui';
const MARK = 'dist/coordinator/dashboard/ui.sources';
/** What the pages are made of: their own files, and the mathematics that they share with the coordinator. */
const SOURCES = ['coordinator/dashboard', 'search', 'package-lock.json', 'scripts/build-dashboard.mjs'];
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
await buildOffline(build);
writeFileSync(MARK, mark);

/** The page that an exported file is made of: one file with everything in it and a place for the data. */
async function buildOffline(build) {
  const { output } = await build({
    root: ROOT,
    configFile: join(ROOT, 'vite.config.ts'),
    logLevel: 'warn',
    // A page that was opened as a file may not start a module of its own in a thread, but a plain script.
    worker: { format: 'iife' },
    build: { write: false, rollupOptions: { input: join(ROOT, 'offline.html'), output: { codeSplitting: false } } },
  });
  const page = output.find(({ fileName }) => fileName.endsWith('.html')).source;
  const code = output.find(({ type, isEntry }) => type === 'chunk' && isEntry).code;
  const style = output.find(({ fileName }) => fileName.endsWith('.css')).source;
  const bare = page.replaceAll(/<script[^>]*><\/script>|<link[^>]*>/g, '');
  // A "</script>" inside the code would end it; a function is given, because "$&" in it would mean something.
  const script = `<script type="module">${code.replaceAll('</script', '<\\/script')}</script>`;
  const whole = bare
    .replace('</head>', () => `<style>${style}</style></head>`)
    .replace('</body>', () => `${script}</body>`);
  writeFileSync('dist/coordinator/dashboard/offline.html', whole);
}

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
