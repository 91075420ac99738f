// Makes the data of examples/images.yaml and examples/table.yaml: node scripts/make-example-data.mjs DIR
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('make-example-data: say where to: node scripts/make-example-data.mjs DIR\n');
  process.exit(2);
}

// Mulberry32: the same data everywhere.
let state = 7;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
}
const between = (low, high) => low + (high - low) * random();
const bell = () => random() + random() + random() + random() - 2;
const colour = () => `hsl(${Math.floor(360 * random())}, 80%, ${Math.floor(between(40, 75))}%)`;

/** Shapes of any colour, size and place on a dark ground. */
const SHAPES = {
  circle: (x, y, r) => `<circle cx="${x}" cy="${y}" r="${r}"/>`,
  square: (x, y, r) =>
    `<rect x="${x - r}" y="${y - r}" width="${2 * r}" height="${2 * r}" transform="rotate(${between(0, 90)} ${x} ${y})"/>`,
  triangle: (x, y, r) =>
    `<path d="M${x},${y - r}L${x + r},${y + r}L${x - r},${y + r}Z" transform="rotate(${between(0, 360)} ${x} ${y})"/>`,
};
for (const [part, count] of [
  ['train', 200],
  ['test', 40],
]) {
  for (const [name, draw] of Object.entries(SHAPES)) {
    const way = join(folder, 'shapes', part, name);
    mkdirSync(way, { recursive: true });
    for (let i = 0; i < count; i++) {
      const shape = draw(between(14, 26), between(14, 26), between(6, 12));
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="${`hsl(0, 0%, ${Math.floor(between(0, 25))}%)`}"/><g fill="${colour()}">${shape}</g></svg>`;
      writeFileSync(join(way, `${i}.png`), await sharp(Buffer.from(svg)).png().toBuffer());
    }
  }
}

/** Three kinds of flowers by four measures that overlap. */
const KINDS = [
  ['small', 5.0, 3.4, 1.5, 0.2],
  ['middle', 5.9, 2.8, 4.3, 1.3],
  ['large', 6.6, 3.0, 5.5, 2.0],
];
const rows = ['id,sepal_length,sepal_width,petal_length,petal_width,kind'];
for (let i = 0; i < 600; i++) {
  const [kind, ...means] = KINDS[i % 3];
  rows.push([i, ...means.map((mean) => (mean + 0.5 * bell()).toFixed(2)), kind].join(','));
}
writeFileSync(join(folder, 'flowers.csv'), `${rows.join('\n')}\n`);
