import { symlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type ImageFolderOptions, imageFolderSource } from '../../../../worker/train/dataset/image-folder.js';
import { decode } from './decode.js';
import { faultOf, temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const PLAIN: ImageFolderOptions = { size: undefined, colour: 'rgb', fit: 'cover' };

const read = async (options: Partial<ImageFolderOptions> = {}, root: string = folder.path) =>
  decode(imageFolderSource('i', { path: root, root: folder.path }, { ...PLAIN, ...options }));

type Format = 'png' | 'jpeg' | 'webp' | 'gif';

/** An image of one colour. */
function image(colour: string, format: Format = 'png', [height, width] = [4, 6]): Promise<Buffer> {
  return sharp({ create: { height: height!, width: width!, channels: 3, background: colour } })
    .toFormat(format, { quality: 100, lossless: true })
    .toBuffer();
}

/** An image that does not compress. */
function noise(format: Format): Promise<Buffer> {
  const create = { height: 4, width: 6, channels: 3, background: '#fff' } as const;
  return sharp({ create: { ...create, noise: { type: 'gaussian', mean: 128, sigma: 60 } } })
    .toFormat(format)
    .toBuffer();
}

async function putPair(): Promise<void> {
  folder.put('black/a.png', await image('#000000'));
  folder.put('white/a.png', await image('#ffffff'));
}

describe('imageFolderSource', () => {
  it('takes a class from each folder, in the order of names, and folders within it', async () => {
    folder.put('red/2.png', await image('#ff0000'));
    folder.put('red/1/deep.webp', await image('#fe0000', 'webp'));
    folder.put('blue/1.jpg', await image('#0000ff', 'jpeg'));
    folder.put('blue/.DS_Store', 'litter');
    const samples = await read();
    expect(samples).toMatchObject({ height: 4, width: 6, channels: 3, type: 'u8', classNames: ['blue', 'red'] });
    expect([...samples.labels]).toEqual([0, 1, 1]);
    const first = [0, 1, 2].map((sample) => [...samples.numbers.subarray(sample * 72, sample * 72 + 3)]);
    expect(first.slice(1)).toEqual([
      [0xfe, 0, 0],
      [0xff, 0, 0],
    ]);
    expect(first[0]![2]).toBeGreaterThan(250);
  });

  it('keeps folders train, val and test apart', async () => {
    for (const part of ['train', 'val', 'test']) {
      for (const name of ['cat', 'dog']) folder.put(`${part}/${name}/x.png`, await image('#123456'));
    }
    folder.put('train/dog/y.png', await image('#123456'));
    expect((await read()).parts).toEqual({ train: 3, validation: 2, test: 2 });
  });

  it('brings images to a size and to grey', async () => {
    await putPair();
    folder.put('white/b.png', await image('#ffffff', 'png', [40, 8]));
    const samples = await read({ size: [5, 7], colour: 'grey' });
    expect(samples).toMatchObject({ height: 5, width: 7, channels: 1 });
    expect(samples.numbers).toHaveLength(3 * 35);
    expect([...new Set(samples.numbers.subarray(35))]).toEqual([255]);
  });

  it('surrounds with black, or cuts off, or distorts', async () => {
    folder.put('a/wide.png', await image('#ffffff', 'png', [4, 8]));
    folder.put('b/wide.png', await image('#ffffff', 'png', [4, 8]));
    const top = async (fit: ImageFolderOptions['fit']) =>
      (await read({ size: [4, 4], colour: 'grey', fit })).numbers[0];
    expect([await top('cover'), await top('contain'), await top('stretch')]).toEqual([255, 0, 255]);
  });

  it('makes transparent parts white and takes 16 bits for 8', async () => {
    const clear = sharp({ create: { height: 4, width: 6, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    folder.put('a/clear.png', await clear.png().toBuffer());
    folder.put(
      'b/deep.png',
      await sharp(await image('#808080'))
        .toColourspace('grey16')
        .png()
        .toBuffer(),
    );
    const { numbers } = await read();
    expect([numbers[0], numbers[72]]).toEqual([255, 0x80]);
  });

  it('has the digest of files and size, not of pixels', async () => {
    await putPair();
    const digest = async (options: Partial<ImageFolderOptions> = {}) => (await read(options)).content;
    const first = await digest();
    expect(await digest()).toBe(first);
    expect(await digest({ colour: 'grey' })).not.toBe(first);
    folder.put('white/a.png', await image('#fffffe'));
    expect(await digest()).not.toBe(first);
  });

  it('refuses images of several sizes', async () => {
    await putPair();
    folder.put('white/b.png', await image('#ffffff', 'png', [5, 6]));
    expect(await faultOf(read, folder)).toBe(
      'white/b.png has 5 x 6 pixels, the first image has 4 x 6; say what all are to be brought to, such as size: 4',
    );
  });

  it.each<[string, () => Promise<void>, unknown]>([
    [
      'a truncated image',
      async () => void folder.put('white/b.png', (await noise('png')).subarray(0, -60)),
      expect.stringMatching(/^white\/b\.png cannot be decoded: .*; it must be a whole image/),
    ],
    [
      'a truncated JPEG',
      async () => void folder.put('white/b.jpg', (await noise('jpeg')).subarray(0, -60)),
      expect.stringMatching(/^white\/b\.jpg cannot be decoded: /),
    ],
    ['an empty file', async () => void folder.put('white/b.png', ''), 'white/b.png is empty; replace or remove it'],
    [
      'text that is called an image',
      async () => void folder.put('white/b.png', 'hello there, I am text'),
      'white/b.png is no PNG, JPEG or WebP image by its content; replace or remove it',
    ],
    [
      'another format that is called an image',
      async () => void folder.put('white/b.png', await image('#fff', 'gif')),
      'white/b.png is no PNG, JPEG or WebP image by its content; replace or remove it',
    ],
    [
      'a drawing that is called an image',
      async () => void folder.put('white/b.jpg', '<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"/>'),
      'white/b.jpg is no PNG, JPEG or WebP image by its content; replace or remove it',
    ],
    [
      'a file of another name',
      async () => void folder.put('white/notes.txt', 'x'),
      'white/notes.txt is no PNG, JPEG or WebP image by its name; remove or convert it',
    ],
    [
      'an image without a class',
      async () => void folder.put('stray.png', await image('#fff')),
      'stray.png lies in no folder of a class; move it into one',
    ],
    [
      'a class without images',
      () => mkdir(`${folder.path}/grey`),
      'grey has no images; remove the folder or put PNG, JPEG or WebP images into it',
    ],
    [
      'a link that leads out',
      async () => symlinkSync('/etc/hostname', `${folder.path}/white/b.png`),
      expect.stringMatching(/^white\/b\.png leads to .*out of the folder/),
    ],
    [
      'a link that leads nowhere',
      async () => symlinkSync('nowhere.png', `${folder.path}/white/b.png`),
      expect.stringMatching(/^white\/b\.png leads nowhere: ENOENT/),
    ],
    [
      'a link that goes in a circle',
      async () => symlinkSync('..', `${folder.path}/white/up`),
      'white/up is a link to a folder, which could lead round in a circle; put the folder there',
    ],
  ])('refuses %s', async (_, change, fault) => {
    await putPair();
    await change();
    const said = await faultOf(read, folder);
    expect(said).toEqual(fault);
  });

  it('refuses a bomb before it goes off', async () => {
    await putPair();
    const bytes = Buffer.from(await image('#fff'));
    // A header that claims 60,000 by 60,000 pixels, with its checksum set right.
    bytes.writeUInt32BE(60_000, 16);
    bytes.writeUInt32BE(60_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    folder.put('white/bomb.png', bytes);
    expect(await faultOf(() => read({ size: [4, 6] }), folder)).toMatch(
      /^white\/bomb\.png cannot be decoded: .*pixel limit.*at most 100 megapixels$/,
    );
  });

  it('refuses a class that training does not have', async () => {
    for (const way of ['train/a', 'train/b', 'test/a', 'test/c']) folder.put(`${way}/x.png`, await image('#fff'));
    expect(await faultOf(read, folder)).toBe('test/c is no class that can be trained: train has no such folder');
  });

  it('refuses folders beside train that are no part', async () => {
    for (const way of ['train/a', 'train/b', 'tset/a']) folder.put(`${way}/x.png`, await image('#fff'));
    expect(await faultOf(read, folder)).toBe(
      'tset stands beside train; there may be only validation and test, with a folder for each class',
    );
  });

  it('refuses one class', async () => {
    folder.put('a/x.png', await image('#fff'));
    expect(await faultOf(read, folder)).toMatch(/must have a folder for each of at least two classes; it has 1$/);
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
