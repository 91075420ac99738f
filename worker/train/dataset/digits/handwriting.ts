import type { Random } from '../../random.js';
import type { Canvas } from './canvas.js';
import { GLYPHS, type Stroke } from './strokes.js';

/** How far handwriting strays from the model glyphs; lengths in units of the glyph's box. */
const HAND = {
  /** Wobble of each point of a stroke. */
  wobble: 0.025,
  /** Tangent of half the largest rotation. */
  turn: 0.12,
  shear: 0.22,
  scale: [0.72, 1.02],
  aspect: [0.82, 1.18],
  shift: 0.07,
  /** Weight of the quadratic terms that bend the whole digit. */
  bend: 0.22,
  /** Half the pen's width, in pixels of the picture. */
  pen: [0.55, 1.25],
  ink: [0.65, 1],
} as const;

const CURVE_STEPS = 5;

type Place = (x: number, y: number) => readonly [number, number];

/**
 * Writes a digit as a hand would: one of its glyphs, its points wobbling, the whole turned, sheared, stretched, bent
 * and shifted, with a thin or a thick pen. Draws only by additions, products and square roots, which IEEE 754 fixes
 * to the bit, so that every machine makes the same picture.
 */
export function writeDigit(canvas: Canvas, digit: number, random: Random): void {
  const glyphs = GLYPHS[digit]!;
  const glyph = glyphs[random.below(glyphs.length)]!;
  const place = drawPlacement(canvas.size, random);
  const pen = random.between(HAND.pen[0], HAND.pen[1]);
  const ink = random.between(HAND.ink[0], HAND.ink[1]);
  for (const stroke of glyph) {
    const path = trace(wobbled(stroke, random));
    let from = place(path[0]!, path[1]!);
    for (let i = 2; i < path.length; i += 2) {
      const to = place(path[i]!, path[i + 1]!);
      canvas.line(from[0], from[1], to[0], to[1], pen, ink);
      from = to;
    }
  }
}

/** Where a point of the glyph's box comes to lie on the picture, in pixels. */
function drawPlacement(size: number, random: Random): Place {
  const turn = random.between(-HAND.turn, HAND.turn);
  // The rational form of cosine and sine: exact to the bit everywhere.
  const cosine = (1 - turn * turn) / (1 + turn * turn);
  const sine = (2 * turn) / (1 + turn * turn);
  const shear = random.between(-HAND.shear, HAND.shear);
  const scale = random.between(HAND.scale[0], HAND.scale[1]);
  const aspect = random.between(HAND.aspect[0], HAND.aspect[1]);
  const bends = Array.from({ length: 4 }, () => random.between(-HAND.bend, HAND.bend));
  const shiftX = random.between(-HAND.shift, HAND.shift);
  const shiftY = random.between(-HAND.shift, HAND.shift);
  return (x, y) => {
    const u = x - 0.5;
    const v = y - 0.5;
    const bentU = u + bends[0]! * v * v + bends[1]! * u * v + shear * v;
    const bentV = v + bends[2]! * u * u + bends[3]! * u * v;
    const wide = bentU * scale * aspect;
    const high = bentV * scale;
    return [(0.5 + shiftX + cosine * wide - sine * high) * size, (0.5 + shiftY + sine * wide + cosine * high) * size];
  };
}

function wobbled(stroke: Stroke, random: Random): Stroke {
  return { shape: stroke.shape, points: stroke.points.map((value) => value + HAND.wobble * random.bell()) };
}

/** The stroke as a chain of straight pieces: a curve is a Catmull-Rom spline through its points. */
function trace({ shape, points }: Stroke): readonly number[] {
  if (shape === 'straight') return points;
  const count = points.length / 2;
  const at = (index: number, axis: number): number => points[2 * Math.min(count - 1, Math.max(0, index)) + axis]!;
  const path = [at(0, 0), at(0, 1)];
  for (let piece = 0; piece + 1 < count; piece++) {
    for (let step = 1; step <= CURVE_STEPS; step++) {
      const t = step / CURVE_STEPS;
      for (const axis of [0, 1]) {
        path.push(spline(t, at(piece - 1, axis), at(piece, axis), at(piece + 1, axis), at(piece + 2, axis)));
      }
    }
  }
  return path;
}

/** Catmull-Rom: from b at t = 0 to c at t = 1, with the directions that the neighbours a and d give. */
function spline(t: number, a: number, b: number, c: number, d: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
