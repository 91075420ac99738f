import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseWorkerConfig } from '../../worker/config.js';
import { faultsOf } from './assay-words.js';
import { DEPLOY, missing, run } from './programs.js';

// Programs of others, some of them slow to start.
vi.setConfig({ testTimeout: 120_000 });

const UNITS = readdirSync(path.join(DEPLOY, 'systemd')).filter((name) => name.endsWith('.service'));
const SYSTEMD = missing('systemd-analyze');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-systemd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A copy whose program is there, whether assay is installed on this machine or not. */
function copyOf(unit: string, change = (text: string): string => text): string {
  const text = readFileSync(path.join(DEPLOY, 'systemd', unit), 'utf8');
  const file = path.join(folder, unit);
  writeFileSync(file, change(text.replaceAll('/usr/local/bin/assay', process.execPath)));
  return file;
}

const valuesOf = (text: string, key: string): string[] =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value!);

describe.each(UNITS)('%s', (unit) => {
  it('is what systemd understands, without a warning', (test) => {
    if (SYSTEMD !== undefined) test.skip(SYSTEMD);
    const { code, text } = run('systemd-analyze', ['verify', '--man=no', copyOf(unit)]);
    expect({ code, text }).toEqual({ code: 0, text: '' });
  });

  it('is exposed to little', (test) => {
    if (SYSTEMD !== undefined) test.skip(SYSTEMD);
    // Of 10; network and compiled JavaScript are what is left.
    expect(run('systemd-analyze', ['security', '--offline=true', '--threshold=15', copyOf(unit)])).toMatchObject({
      code: 0,
    });
  });

  it('says to the program only what it understands, and gives it time to leave', () => {
    const text = readFileSync(path.join(DEPLOY, 'systemd', unit), 'utf8');
    const [start] = valuesOf(text, 'ExecStart');
    const settings = [...text.matchAll(/\b(ASSAY_\w+)=([^\s"]*)/g)].map(([, name, value]) => [name!, value!] as const);
    const env = new Map<string, string>([...settings, ['STATE_DIRECTORY', folder], ['RUNTIME_DIRECTORY', folder]]);
    const fill = (word: string): string => word.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => env.get(name) ?? '');
    const words = start!
      .split(' ')
      .slice(1)
      .filter((word) => word !== '$ASSAY_OPTIONS')
      .map(fill);
    const ours = ['ASSAY_OPTIONS', 'ASSAY_LISTEN', 'ASSAY_HTTP'];
    const variables = [...env.keys()].filter((name) => !ours.includes(name));
    expect(faultsOf([{ name: unit, words, variables }])).toEqual([]);
    const { stopGraceMs, drainTimeoutMs } = parseWorkerConfig({});
    expect(Number(valuesOf(text, 'TimeoutStopSec')[0]) * 1000).toBeGreaterThan(2 * (stopGraceMs + drainTimeoutMs));
  });
});

it('finds what systemd passes over with a warning', (test) => {
  if (SYSTEMD !== undefined) test.skip(SYSTEMD);
  const file = copyOf(UNITS[0]!, (text) => text.replace('ProtectHome=', 'ProtectHomes='));
  const { text } = run('systemd-analyze', ['verify', '--man=no', file]);
  expect(text).toContain('ProtectHomes');
});
