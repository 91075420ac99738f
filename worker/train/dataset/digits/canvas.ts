/**
 * A small grey picture that strokes are drawn on. Brightness is in [0, 1]; a stroke's edge is one pixel wide, and
 * strokes that cross do not add up.
 */
export class Canvas {
  readonly size: number;
  /** Row by row. */
  readonly pixels: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.pixels = new Float64Array(size * size);
  }

  clear(): void {
    this.pixels.fill(0);
  }

  /** A straight line between two points with round ends; lengths in pixels, pixel (0, 0) has its centre at (0.5, 0.5). */
  line(x0: number, y0: number, x1: number, y1: number, radius: number, ink: number): void {
    const reach = radius + 0.5;
    const dx = x1 - x0;
    const dy = y1 - y0;
    const lengthSquared = dx * dx + dy * dy;
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
    const bottom = Math.min(this.size - 1, Math.floor(Math.max(y0, y1) + reach));
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(this.size - 1, Math.floor(Math.max(x0, x1) + reach));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const px = column + 0.5 - x0;
        const py = row + 0.5 - y0;
        const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
        const ex = px - along * dx;
        const ey = py - along * dy;
        const distanceSquared = ex * ex + ey * ey;
        if (distanceSquared >= reach * reach) continue;
        const brightness = ink * Math.min(1, reach - Math.sqrt(distanceSquared));
        const at = row * this.size + column;
        if (brightness > this.pixels[at]!) this.pixels[at] = brightness;
      }
    }
  }
}
