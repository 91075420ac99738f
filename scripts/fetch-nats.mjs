// Prints the path of a nats-server that is new enough for Assay, or says why there is none and exits with 1:
//   1. what ASSAY_NATS_SERVER names,
//   2. the one on the path,
//   3. one that an earlier run fetched,
//   4. Debian's package of it, out of the mirror that this machine's apt already uses. It is only unpacked, into the
//      cache folder; nothing is installed, and apt's own lists are left alone.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The suite that is asked, and the least version that is taken from the path. */
const SUITE = 'forky';
const LEAST = [2, 12];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'assay', `nats-${SUITE}`);
const cached = path.join(cache, 'usr/sbin/nats-server');

try {
  process.stdout.write(`${find()}\n`);
} catch (error) {
  process.stderr.write(`no nats-server: ${error.message}\n`);
  process.exitCode = 1;
}

function find() {
  const named = process.env.ASSAY_NATS_SERVER;
  if (named) {
    if (versionOf(named) === undefined) throw new Error(`ASSAY_NATS_SERVER names ${named}, which does not run`);
    return named;
  }
  const [major, minor] = versionOf('nats-server') ?? [0, 0];
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return 'nats-server';
  if (versionOf(cached) === undefined) fetch();
  return cached;
}

function versionOf(server) {
  try {
    const text = execFileSync(server, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /v(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  } catch {
    return undefined;
  }
}

function fetch() {
  const mirror = debianMirror();
  if (mirror === undefined || !existsSync(KEYRING)) {
    throw new Error('this machine has no Debian mirror to fetch it from; name one with ASSAY_NATS_SERVER');
  }
  mkdirSync(path.dirname(cache), { recursive: true });
  const folder = mkdtempSync(`${cache}-`);
  try {
    for (const part of ['sources', 'lists/partial', 'cache/archives/partial']) {
      mkdirSync(path.join(folder, 'apt', part), { recursive: true });
    }
    const source = { Types: 'deb', URIs: mirror, Suites: SUITE, Components: 'main', 'Signed-By': KEYRING };
    const lines = Object.entries(source).map(([key, value]) => `${key}: ${value}\n`);
    writeFileSync(path.join(folder, 'apt/sources/suite.sources'), lines.join(''));
    apt(folder, 'update');
    apt(folder, 'download', 'nats-server');
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    execFileSync('dpkg-deb', ['-x', path.join(folder, archive), folder]);
    rmSync(path.join(folder, 'apt'), { recursive: true });
    if (versionOf(path.join(folder, 'usr/sbin/nats-server')) === undefined) {
      throw new Error(`Debian ${SUITE}'s does not run on this machine`);
    }
    rmSync(cache, { recursive: true, force: true });
    try {
      renameSync(folder, cache);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(cached)) throw error;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function apt(folder, ...words) {
  const options = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': path.join(folder, 'apt/sources'),
    'Dir::State::lists': path.join(folder, 'apt/lists'),
    'Dir::Cache': path.join(folder, 'apt/cache'),
    'APT::Sandbox::User': '',
  };
  const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  try {
    execFileSync('apt-get', ['-q', ...flags, ...words], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw new Error(
      `apt-get ${words.join(' ')} failed: ${
        String(error.stderr ?? error.message)
          .trim()
          .split('\n')[0]
      }`,
    );
  }
}

/** The first mirror in apt's sources, one-line or deb822. */
function debianMirror() {
  const folder = '/etc/apt/sources.list.d';
  const files = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  for (const file of ['/etc/apt/sources.list', ...files]) {
    if (!existsSync(file)) continue;
    const found = /https?:\/\/\S*\/debian\/?(?=\s|$)/m.exec(readFileSync(file, 'utf8'));
    if (found !== null) return found[0];
  }
  return undefined;
}
