import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseWorkerConfig } from '../../worker/config.js';

describe("a worker's configuration", () => {
  it('has a value for everything that is not said', () => {
    const config = parseWorkerConfig({});
    expect(config).toMatchObject({ coordinator: '127.0.0.1:7070', backend: 'auto', labels: {}, stopGraceMs: 2_000 });
    expect(config.permissions).toEqual({
      modules: [],
      command: false,
      commandFolders: [],
      upload: false,
      git: [],
      environment: [],
    });
    expect(config.name).toMatch(new RegExp(`-${process.pid}$`));
    expect(config.datasetsDir).toBeUndefined();
    expect(config.cacheDir).toMatch(/\/assay$/);
    expect(config.offline).toBe(false);
  });

  it('takes what is said', () => {
    const said = {
      coordinator: '[::1]:7171',
      name: 'rack 4',
      slots: 8,
      backend: 'wasm',
      datasetsDir: tmpdir(),
      cacheDir: join(tmpdir(), 'cache'),
      mirror: 'http://mirror.example/sets',
      offline: true,
      labels: { gpu: 'a100', 'site.example/zone': '' },
    };
    expect(parseWorkerConfig(said)).toMatchObject(said);
  });

  it('names every fault at once, one a line', () => {
    const faulty = {
      coordinator: 'here',
      name: 'a\nb',
      slots: 0,
      backend: 'gpu',
      datasetsDir: '/no/such/folder',
      mirror: 'ftp://mirror.example',
      labels: { ' ': 'x' },
      colour: 'red',
    };
    expect(() => parseWorkerConfig(faulty)).toThrow(
      expect.objectContaining({
        name: 'WorkerConfigError',
        message: expect.stringMatching(
          /^coordinator: must be host:port .*\nname: must not hold .*\nslots: .*\nbackend: .*\ndatasetsDir: \/no\/such\/folder is no folder .*\nmirror: must be an address .*\nlabels.*\n.*colour/,
        ),
      }),
    );
  });

  it.each(['127.0.0.1:0', '127.0.0.1:65536', 'http://host:1', ':7070', 'host'])(
    'refuses the address %s',
    (coordinator) => {
      expect(() => parseWorkerConfig({ coordinator })).toThrow('coordinator: must be host:port');
    },
  );

  it('tells its figures where other machines can reach them only when that is said out loud', () => {
    expect(parseWorkerConfig({ metrics: '127.0.0.1:0' }).metrics).toBe('127.0.0.1:0');
    expect(parseWorkerConfig({ metrics: '0.0.0.0:9464', insecure: true }).metrics).toBe('0.0.0.0:9464');
    expect(() => parseWorkerConfig({ metrics: '0.0.0.0:9464' })).toThrow(
      /^metrics: can be reached from other machines/,
    );
    expect(() => parseWorkerConfig({ metrics: '9464' })).toThrow('metrics: must be host:port');
  });
});
