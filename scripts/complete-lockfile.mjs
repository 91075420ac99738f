// Adds to package-lock.json the platform packages that npm left out because the registry at hand did not have them.
// `npm ci` refuses a lock file that lacks an optional dependency, even one for another platform; with an entry it asks
// for it only where it fits. Run it after `npm install` behind a registry that mirrors one platform.
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPUS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const added = [];
for (const { optionalDependencies, dev } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || !/^\d+\.\d+\.\d+/.test(version)) continue;
    lock.packages[key] = { version, ...(dev ? { dev } : {}), ...platformOf(name), optional: true };
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'nothing was missing' : `added ${added.join(', ')}`);

/** What a platform package's name says of where it fits. */
function platformOf(name) {
  const words = name.split('/').at(-1).replace('armv7', 'arm').replace('win-', 'win32-').split(/[-_.]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = CPUS.filter((arch) => words.includes(arch)).slice(0, 1);
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : [];
  return {
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(os.length > 0 ? { os } : {}),
    ...(libc.length > 0 ? { libc } : {}),
  };
}
