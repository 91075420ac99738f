import type { Trial } from 'assay/objective';

type Params = { readonly rate: number; readonly momentum: number };

/** Descends Rosenbrock's valley with momentum; how low it comes depends on the two. */
export async function objective(trial: Trial<Params>): Promise<void> {
  const { rate, momentum } = trial.params;
  const begin = { epoch: 1, x: -1.5, y: 2, vx: 0, vy: 0 };
  let { epoch, x, y, vx, vy } = (await trial.checkpoint.load<typeof begin>()) ?? begin;
  for (; epoch <= Number(trial.config['epochs']) && !trial.shouldStop; epoch++) {
    for (let i = 0; i < 200; i++) {
      vx = momentum * vx - rate * (-2 * (1 - x) - 400 * x * (y - x * x));
      vy = momentum * vy - rate * 200 * (y - x * x);
      x += vx;
      y += vy;
    }
    trial.report({ height: (1 - x) ** 2 + 100 * (y - x * x) ** 2 }, epoch);
    await trial.checkpoint.save({ epoch: epoch + 1, x, y, vx, vy });
  }
}
