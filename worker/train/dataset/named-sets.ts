import { CIFAR_10, CIFAR_100, type CifarKind, cifarSource } from './cifar.js';
import { idxSource } from './idx.js';
import type { Source } from './source.js';

/** A file of a data set as its authors publish it. */
export interface PublishedFile {
  readonly name: string;
  /** As published, packed. */
  readonly bytes: number;
  /** SHA-256 of the file as published, in hex. */
  readonly sha256: string;
  /** SHA-256, in hex, of what it unpacks to, by file, where it is known: then any packing of it will do. */
  readonly unpacked?: Readonly<Record<string, string>>;
}

/** A data set that is known by its name. */
export interface NamedSet {
  readonly name: string;
  readonly files: readonly PublishedFile[];
  /** Addresses of folders with these files, without a slash at the end; the first that answers is taken. */
  readonly mirrors: readonly string[];
  /** Samples for validation where a study does not say. */
  readonly validation: number;
  /** Folders, beside the one of the set's own name, in which its files are looked for: '.' is the folder of data sets. */
  readonly folders: readonly string[];
  /**
   * Finds the set's files; undefined when not all of them are there.
   *
   * @param find the path of the first of these names that is there
   */
  source(find: (names: readonly string[]) => string | undefined): Source | { readonly missing: string };
}

const IDX_FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

/** Sizes and hashes in the order of {@link IDX_FILES}. */
interface IdxSet {
  readonly name: string;
  readonly mirrors: readonly string[];
  readonly folders: readonly string[];
  readonly classNames: readonly string[];
  readonly bytes: readonly number[];
  readonly sha256: readonly string[];
  readonly unpacked?: readonly string[];
}

function idxSet({ name, mirrors, folders, classNames, bytes, sha256, unpacked }: IdxSet): NamedSet {
  return {
    name,
    mirrors,
    folders,
    validation: 10_000,
    files: IDX_FILES.map((file, i) => ({
      name: `${file}.gz`,
      bytes: bytes[i]!,
      sha256: sha256[i]!,
      ...(unpacked === undefined ? {} : { unpacked: { [file]: unpacked[i]! } }),
    })),
    source: (find) => {
      const paths: string[] = [];
      for (const file of IDX_FILES) {
        const path = find([file, `${file}.gz`]);
        if (path === undefined) return { missing: `${file}, gzipped (.gz) or not` };
        paths.push(path);
      }
      const [images, labels, testImages, testLabels] = paths as [string, string, string, string];
      return idxSource(name, { images, labels }, { images: testImages, labels: testLabels }, classNames);
    },
  };
}

function cifarSet(name: string, kind: CifarKind, archive: PublishedFile, folder: string): NamedSet {
  return {
    name,
    mirrors: ['https://www.cs.toronto.edu/~kriz'],
    folders: [folder, '.'],
    validation: 10_000,
    files: [archive],
    source: (find) => {
      const packed = find([archive.name]);
      if (packed !== undefined) return cifarSource(name, kind, { archive: packed });
      const names = [...kind.train, ...kind.test];
      const paths = names.map((file) => find([file]));
      const missing = names.find((_, i) => paths[i] === undefined);
      if (missing !== undefined) return { missing: missing === names[0] ? `${archive.name} or ${missing}` : missing };
      return cifarSource(name, kind, { folder: paths[0]!.slice(0, -names[0]!.length - 1) });
    },
  };
}

/*
 * Sizes and hashes of the files as published are those of TensorFlow Datasets (tensorflow/datasets:
 * tensorflow_datasets/url_checksums/{mnist,fashion_mnist,kmnist,cifar10,cifar100}.txt). Of what they unpack to, MNIST's are
 * computed from the files themselves and agree with what others have recorded; CIFAR-100's are those of
 * ankane/torchvision-ruby (lib/torchvision/datasets/cifar100.rb). Where none was to be found, what a file as published
 * unpacks to is written down when it is first downloaded.
 */
export const NAMED_SETS: readonly NamedSet[] = [
  idxSet({
    name: 'mnist',
    mirrors: [
      'https://ossci-datasets.s3.amazonaws.com/mnist',
      'https://storage.googleapis.com/cvdf-datasets/mnist',
      'http://yann.lecun.com/exdb/mnist',
    ],
    folders: ['.', 'MNIST/raw'],
    classNames: Array.from('0123456789'),
    bytes: [9_912_422, 28_881, 1_648_877, 4_542],
    sha256: [
      '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
      '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
      '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
      'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    ],
    unpacked: [
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    ],
  }),
  idxSet({
    name: 'fashion-mnist',
    mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com'],
    folders: ['FashionMNIST/raw'],
    classNames: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    bytes: [26_421_880, 29_515, 4_422_102, 5_148],
    sha256: [
      '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    ],
  }),
  idxSet({
    name: 'kmnist',
    mirrors: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist', 'https://codh.rois.ac.jp/kmnist/dataset/kmnist'],
    folders: ['KMNIST/raw'],
    classNames: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
    bytes: [18_165_135, 29_497, 3_041_136, 5_120],
    sha256: [
      '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4',
      'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17',
      'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5',
      '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c',
    ],
  }),
  cifarSet(
    'cifar10',
    CIFAR_10,
    {
      name: 'cifar-10-binary.tar.gz',
      bytes: 170_052_171,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
    'cifar-10-batches-bin',
  ),
  cifarSet(
    'cifar100',
    CIFAR_100,
    {
      name: 'cifar-100-binary.tar.gz',
      bytes: 168_513_733,
      sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
      unpacked: {
        'train.bin': 'f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29',
        'test.bin': 'd8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a',
      },
    },
    'cifar-100-binary',
  ),
];
