import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, csvSource } from '../../../../worker/train/dataset/csv.js';
import { decode } from './decode.js';
import { faultOf, temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const PLAIN: CsvOptions = {
  label: 'kind',
  columns: undefined,
  ignore: [],
  header: true,
  delimiter: ',',
  shape: undefined,
};

const read = (text: string | Uint8Array, options: Partial<CsvOptions> = {}, test?: string) =>
  decode(
    csvSource('c', folder.put('t.csv', text), test === undefined ? undefined : folder.put('v.csv', test), {
      ...PLAIN,
      ...options,
    }),
  );
const floats = (numbers: Buffer): number[] => [...new Float32Array(Uint8Array.from(numbers).buffer)];

describe('csvSource', () => {
  it('takes numbers and classes, by name, gzipped or not', async () => {
    const text = '\uFEFFa,kind,b\n1,cat,-2.5\n3e2,"big, dog",4\n 5 ,cat,6\n';
    const table = await read(text);
    expect(table).toMatchObject({ height: 1, width: 1, channels: 2, classNames: ['big, dog', 'cat'] });
    expect(floats(table.numbers)).toEqual([1, -2.5, 300, 4, 5, 6]);
    expect([...table.labels]).toEqual([1, 0, 1]);
    expect(await read(gzipSync(text))).toEqual(table);
  });

  it('puts classes that are numbers in the order of numbers', async () => {
    expect((await read('kind,a\n10,1\n9,1\n-1,1\n')).classNames).toEqual(['-1', '9', '10']);
  });

  it('takes and leaves out the columns that are said', async () => {
    const text = 'id,a,b,kind\n7,1,2,x\n8,3,4,y\n';
    expect(floats((await read(text, { ignore: ['id'] })).numbers)).toEqual([1, 2, 3, 4]);
    expect(floats((await read(text, { columns: ['b', 'a'] })).numbers)).toEqual([2, 1, 4, 3]);
  });

  it('counts columns from 1 where the first row has no names, and takes another delimiter', async () => {
    const table = await read('1;2;x\n3;4;y\n', { header: false, label: 3, delimiter: ';' });
    expect(floats(table.numbers)).toEqual([1, 2, 3, 4]);
  });

  it('makes images of rows', async () => {
    const table = await read('kind,p1,p2,p3,p4,p5,p6\n0,1,2,3,4,5,6\n1,1,2,3,4,5,6\n', { shape: [2, 3] });
    expect(table).toMatchObject({ height: 2, width: 3, channels: 1 });
  });

  it('keeps a table to test on apart, whatever the order of its columns', async () => {
    const table = await read('a,b,kind\n1,2,x\n3,4,y\n', {}, 'kind,b,a\ny,6,5\n');
    expect(table.parts).toEqual({ train: 2, validation: 0, test: 1 });
    expect(floats(table.numbers)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...table.labels]).toEqual([0, 1, 1]);
  });

  it.each<[string, string, Partial<CsvOptions>, unknown]>([
    ['an empty file', '', {}, 't.csv has no rows; it must have one for each sample'],
    ['names alone', 'a,kind\n', {}, 't.csv has no rows; it must have one for each sample'],
    ['a label that is no column', 'a,b\n1,2\n', {}, 't.csv has no column "kind"; its columns are a, b'],
    [
      'two columns of a name',
      'a,a,kind\n1,2,x\n',
      { columns: ['a'] },
      't.csv has two columns "a"; its columns are a, a, kind',
    ],
    [
      'words among the numbers',
      'a,kind\n1,x\nred,y\n',
      {},
      't.csv, line 3: a is "red"; it must be a number, or the column be left out with ignore',
    ],
    [
      'a hole',
      'a,kind\n1,x\n,y\n',
      {},
      't.csv, line 3: a is empty; it must be a number, or the column be left out with ignore',
    ],
    [
      'infinity',
      'a,kind\n1,x\n1e39,y\n',
      {},
      't.csv, line 3: a is "1e39"; it must be a number, or the column be left out with ignore',
    ],
    ['a row without a label', 'a,kind\n1,\n', {}, 't.csv, line 2: the label is empty'],
    ['a short row', 'a,b,kind\n1,2,x\n1,x\n', {}, 't.csv: Invalid Record Length: expect 3, got 2 on line 3'],
    ['an open quote', 'a,kind\n1,"x\n', {}, expect.stringMatching(/^t\.csv: Quote Not Closed: .*line 2/)],
    [
      'another shape',
      'a,b,kind\n1,2,x\n',
      { shape: [2, 2] },
      't.csv has 2 columns of numbers; shape 2 x 2 must have 4',
    ],
    ['nothing to learn from', 'kind\nx\n', {}, 't.csv has no column of numbers beside kind'],
    [
      'learning from the label',
      'a,kind\n1,2\n',
      { columns: ['kind'] },
      't.csv: kind is the label; it cannot be learned from',
    ],
  ])('refuses %s', async (_, text, options, fault) => {
    expect(await faultOf(() => read(text, options), folder)).toEqual(fault);
  });

  it('refuses a label that is a quantity', async () => {
    const rows = Array.from({ length: 10_001 }, (_, i) => `${i / 7},1`).join('\n');
    expect(await faultOf(() => read(`kind,a\n${rows}\n`), folder)).toBe(
      't.csv has more than 10000 classes; is the label a number to be predicted?',
    );
  });

  it('refuses a class that only the table to test on has', async () => {
    expect(await faultOf(() => read('a,kind\n1,x\n2,y\n', {}, 'a,kind\n1,z\n'), folder)).toBe(
      'v.csv, line 2: the class "z" is in no row to train on',
    );
  });
});
