#!/usr/bin/env node
// Installs @tensorflow/tfjs-node (or -gpu) where a package mirror is all that can be reached: npm's own install script
// downloads libtensorflow from a host of its own and fails there. The package comes by npm without its script, the
// libraries come out of a TensorFlow wheel, by pip, and the binding is built against them with node-gyp.
//
//   node deploy/install-tfjs-node.mjs [--gpu] [--into FOLDER] [--wheel FILE]
//
// Needs npm, python3 with pip, g++ and make, and Node's headers (those beside node, or else node-gyp downloads them).
// FOLDER is where a worker looks: by default ~/.cache/assay/engines ($XDG_CACHE_HOME is heeded). Half a gigabyte on disk.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const TFJS = '4.22.0';
const TENSORFLOW = '2.21.0';
/** What the binding is compiled against. */
const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'xla/tsl/c/tsl_status.h',
];
const UNPACK = `
import os, shutil, sys, zipfile
wheel, lib, include, *headers = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        base = os.path.basename(name)
        if name.startswith(('tensorflow/libtensorflow_cc.so', 'tensorflow/libtensorflow_framework.so')):
            with archive.open(name) as source, open(os.path.join(lib, base), 'wb') as target:
                shutil.copyfileobj(source, target, 1 << 22)
    for header in headers:
        if 'tensorflow/include/' + header in archive.namelist():
            path = os.path.join(include, header)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as target:
                target.write(archive.read('tensorflow/include/' + header))
`;

const { values: options } = parseArgs({
  options: { gpu: { type: 'boolean', default: false }, into: { type: 'string' }, wheel: { type: 'string' } },
});
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const folder = resolve(options.into ?? join(cache, 'assay', 'engines'));
const name = options.gpu ? 'tfjs-node-gpu' : 'tfjs-node';
const place = join(folder, 'node_modules', '@tensorflow', name);

mkdirSync(folder, { recursive: true });
if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
say(`npm: @tensorflow/${name} ${TFJS}`);
run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@tensorflow/${name}@${TFJS}`]);
const wheel = options.wheel === undefined ? download() : resolve(options.wheel);
say(`libraries out of ${wheel}`);
unpack(wheel);
say('building the binding');
build();
if (options.wheel === undefined) rmSync(join(folder, 'wheel'), { recursive: true });
say(`done: a worker on this machine finds it in ${folder}`);

function download() {
  const wheels = join(folder, 'wheel');
  const requirement = `${options.gpu ? 'tensorflow' : 'tensorflow-cpu'}==${TENSORFLOW}`;
  say(`pip: ${requirement}`);
  run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', wheels, requirement]);
  const file = readdirSync(wheels).find((entry) => entry.endsWith('.whl'));
  if (file === undefined) fail(`pip left no wheel in ${wheels}`);
  return join(wheels, file);
}

function unpack(wheel) {
  const deps = join(place, 'deps');
  const [lib, include] = [join(deps, 'lib'), join(deps, 'include')];
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(lib, { recursive: true });
  mkdirSync(include, { recursive: true });
  run('python3', ['-c', UNPACK, wheel, lib, include, ...HEADERS]);
  if (!existsSync(join(lib, 'libtensorflow_cc.so.2'))) fail(`${wheel} holds no libtensorflow_cc.so.2`);
  // The names that the linker and the package's own script look for.
  for (const [target, link] of [
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
    ['libtensorflow_cc.so.2', 'libtensorflow.so.2.9.1'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so.2.9.1'],
  ]) {
    symlinkSync(target, join(lib, link));
  }
}

function build() {
  const prefix = resolve(realpathSync(process.execPath), '../..');
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'));
  run(
    process.execPath,
    [join(folder, 'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp'), 'install', '--build-from-source'],
    { cwd: place, env: { ...process.env, ...(hasHeaders ? { npm_config_nodedir: prefix } : {}) } },
  );
}

function run(command, args, overrides = {}) {
  try {
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], ...overrides });
  } catch (error) {
    const words = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .slice(-12)
      .join('\n');
    fail(`${command} ${args[0]} failed:\n${words}`);
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function fail(message) {
  process.stderr.write(`install-tfjs-node: ${message}\n`);
  process.exit(1);
}
