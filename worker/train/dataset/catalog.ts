import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type {
  CsvDataConfig,
  CutConfig,
  DatasetConfig,
  IdxDataConfig,
  ImagesDataConfig,
  NamedDataConfig,
  NpyDataConfig,
} from '../../../proto/dataset.js';
import type { DataPlaces } from '../../data-places.js';
import { DatasetMissingError, ObjectiveError } from '../../objectives/errors.js';
import { CIFAR_10, CIFAR_100, CIFAR_100_COARSE, type CifarFiles, cifarSource } from './cifar.js';
import { csvSource } from './csv.js';
import type { Dataset, Samples } from './dataset.js';
import { openSamples, writeAtomically } from './decoded-cache.js';
import { digestDataset } from './digest.js';
import { DIGITS_DEFAULTS, digitsSource } from './digits/digits.js';
import { findIdxFolder, idxSource } from './idx.js';
import { imageFolderSource } from './image-folder.js';
import { fetchNamedSet, isFetched } from './named-cache.js';
import { NAMED_SETS, type NamedSet } from './named-sets.js';
import { type ChannelStatistics, channelStatisticsSchema, measureChannels, normalization } from './normalization.js';
import { npySource } from './npy.js';
import { type Inside, locate } from './paths.js';
import type { Preparation } from './preparation.js';
import type { Source } from './source.js';
import { splitStratified } from './split.js';

/** As many entries of the folder of data sets are told to the coordinator. */
const MOST_ENTRIES = 1_000;

/**
 * What data this worker has: the names of sets that are generated, lie in its folder or its cache or can be downloaded, and,
 * as `./entry`, what lies in the folder of data sets. `./*` stands for more entries than can be told.
 */
export async function listDatasets(places: DataPlaces): Promise<string[]> {
  const named = NAMED_SETS.filter(
    (set) => !places.offline || hasAnyFile(set, places.datasetsDir) || isFetched(set, places.cacheDir),
  );
  const entries = places.datasetsDir === undefined ? [] : await readdir(places.datasetsDir).catch(() => []);
  const seen = entries.filter((entry) => !entry.startsWith('.')).sort();
  return [
    'digits',
    ...named.map(({ name }) => name),
    ...seen.slice(0, MOST_ENTRIES).map((entry) => `./${entry}`),
    ...(seen.length > MOST_ENTRIES ? ['./*'] : []),
  ];
}

/**
 * Reads, downloads or generates a data set and cuts it into samples to train on, to validate with and to test on.
 *
 * @throws {DatasetMissingError} when this worker does not have it
 * @throws {ObjectiveError} when its files are damaged, it has too few samples, or no server gives it
 */
export async function openDataset(config: DatasetConfig, preparation: Preparation): Promise<Dataset> {
  if (typeof config === 'string') return openDataset({ name: config }, preparation);
  const { places } = preparation;
  if ('name' in config) return openNamed(config, preparation);
  const source = sourceOf(config, places);
  return cut(source.name, await openSamples(source, preparation), config, places);
}

async function openNamed(config: NamedDataConfig, preparation: Preparation): Promise<Dataset> {
  const { name } = config;
  if (name === 'digits') return openDigits(config, preparation);
  const set = NAMED_SETS.find((known) => known.name === name);
  if (set === undefined) {
    const names = ['digits', ...NAMED_SETS.map((known) => known.name)].join(', ');
    throw new ObjectiveError(
      `data set ${JSON.stringify(name)} is unknown; there are ${names}, and what {images: DIR}, {csv: FILE} ` +
        `and the like name`,
    );
  }
  const source = await findNamed(set, config.data, preparation);
  const samples = await openSamples(source, preparation);
  return cut(name, samples, { validation: set.validation, ...config }, preparation.places);
}

/** Drawn once on a machine, as files are decoded once: thousands of them take longer than many a trial. */
async function openDigits(config: NamedDataConfig, preparation: Preparation): Promise<Dataset> {
  const { train = DIGITS_DEFAULTS.train, validation = DIGITS_DEFAULTS.validation, test = 0, seed = 0 } = config;
  for (const count of [train, validation, test]) {
    if (count > 0 && count < 1) {
      throw new ObjectiveError(
        `data set digits has as many images as are asked for; ${count} must be a number of images`,
      );
    }
  }
  const source = digitsSource({ train: train + validation, validation: 0, test }, seed);
  const samples = await openSamples(source, preparation);
  return cut('digits', samples, { ...config, train, validation }, preparation.places);
}

async function findNamed(set: NamedSet, data: string | undefined, preparation: Preparation): Promise<Source> {
  const { datasetsDir } = preparation.places;
  const folders = data === undefined ? foldersOf(set, datasetsDir) : [locate(datasetsDir, data).path];
  const found = set.source((names) => firstThere(folders, names));
  if (!('missing' in found)) return found;
  if (data !== undefined || hasAnyFile(set, datasetsDir)) {
    throw new DatasetMissingError(
      `data set ${set.name}: ${found.missing} was not found; it must lie in ${folders.join(' or ')}`,
    );
  }
  return fetchNamedSet(set, preparation);
}

function foldersOf(set: NamedSet, datasetsDir: string | undefined): string[] {
  return datasetsDir === undefined ? [] : [set.name, ...set.folders].map((folder) => join(datasetsDir, folder));
}

function firstThere(folders: readonly string[], names: readonly string[]): string | undefined {
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/**
 * Whether any of a set's files lies in the folder. One that is incomplete counts: its trials say which file is missing, where
 * a download would hide that somebody meant to have it.
 */
function hasAnyFile(set: NamedSet, datasetsDir: string | undefined): boolean {
  let any = false;
  set.source((names) => {
    const path = firstThere(foldersOf(set, datasetsDir), names);
    any ||= path !== undefined;
    return path ?? '';
  });
  return any;
}

type PlacedConfig = Exclude<DatasetConfig, string | NamedDataConfig>;

/** What a study says lies in the folder of data sets. */
function sourceOf(config: PlacedConfig, places: DataPlaces): Source {
  const inside = (path: string): Inside => locate(places.datasetsDir, path);
  const at: At = (path) => inside(path).path;
  if ('idx' in config) return idxSourceOf(config, at);
  if ('npy' in config) return npySourceOf(config, at);
  if ('csv' in config) return csvSourceOf(config, at);
  if ('images' in config) return imagesSourceOf(config, inside(config.images));
  if ('cifar10' in config) return cifarSource(config.cifar10, CIFAR_10, cifarFiles(at(config.cifar10)));
  const kind = config.labels === 'coarse' ? CIFAR_100_COARSE : CIFAR_100;
  return cifarSource(config.cifar100, kind, cifarFiles(at(config.cifar100)));
}

type At = (path: string) => string;

function idxSourceOf(config: IdxDataConfig, at: At): Source {
  const { idx, labels, test_idx, test_labels } = config;
  if (labels === undefined) {
    const { train, test } = findIdxFolder(at(idx));
    return idxSource(idx, train, test);
  }
  const test = bothOrNone('test_idx', test_idx, test_labels);
  return idxSource(
    idx,
    { images: at(idx), labels: at(labels) },
    test && { images: at(test.samples), labels: at(test.labels) },
  );
}

function npySourceOf({ npy, labels, test_npy, test_labels }: NpyDataConfig, at: At): Source {
  const test = bothOrNone('test_npy', test_npy, test_labels);
  return npySource(
    npy,
    { samples: at(npy), labels: at(labels) },
    test && { samples: at(test.samples), labels: at(test.labels) },
  );
}

function bothOrNone(
  key: string,
  samples: string | undefined,
  labels: string | undefined,
): { readonly samples: string; readonly labels: string } | undefined {
  if (samples !== undefined && labels !== undefined) return { samples, labels };
  if (samples === undefined && labels === undefined) return undefined;
  const [there, lacking] = samples === undefined ? ['test_labels', key] : [key, 'test_labels'];
  throw new ObjectiveError(`train.dataset has ${there} but no ${lacking}; name both files`);
}

function csvSourceOf(config: CsvDataConfig, at: At): Source {
  const { csv, test_csv, label, columns, ignore = [], header = true, delimiter = ',', shape } = config;
  const test = test_csv === undefined ? undefined : at(test_csv);
  return csvSource(csv, at(csv), test, { label, columns, ignore, header, delimiter, shape });
}

function imagesSourceOf({ images, size, colour = 'rgb', fit = 'cover' }: ImagesDataConfig, folder: Inside): Source {
  const [height, width] = typeof size === 'object' ? size : [size, size];
  const sides = height === undefined || width === undefined ? undefined : ([height, width] as const);
  return imageFolderSource(images, folder, { size: sides, colour, fit });
}

function cifarFiles(path: string): CifarFiles {
  return /\.(tar\.gz|tgz)$/.test(basename(path)) ? { archive: path } : { folder: path };
}

function cut(name: string, samples: Samples, config: CutConfig, { cacheDir }: DataPlaces): Dataset {
  const { classNames, labels, parts, type } = samples;
  if (classNames.length < 2) {
    throw new ObjectiveError(`data set ${name} has images of one class only; there must be two to tell apart`);
  }
  const split = splitStratified(name, labels, parts, config);
  const digest = digestDataset(samples, split);
  const statistics = statisticsOf(samples, split.train, digest, cacheDir);
  return {
    name,
    ...samples,
    ...split,
    classes: classNames.length,
    normalization: normalization(config.normalize ?? 'standard', type, statistics),
    means: statistics.mean,
    digest,
  };
}

/** Measured once for a split, and kept beside the decoded samples: a pass over all of them costs more than all the rest. */
function statisticsOf(
  samples: Samples,
  train: Uint32Array,
  digest: string,
  cacheDir: string | undefined,
): ChannelStatistics {
  if (cacheDir === undefined) return measureChannels(samples, train);
  const path = join(cacheDir, 'decoded', `${digest}.statistics.json`);
  try {
    return channelStatisticsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    const statistics = measureChannels(samples, train);
    try {
      writeAtomically(path, JSON.stringify(statistics));
    } catch {
      // Measured again the next time.
    }
    return statistics;
  }
}
