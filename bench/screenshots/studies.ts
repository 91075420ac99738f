import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.js';

const SPACE = `space:
  lr: {log: [1e-3, 1]}
  depth: {int: [1, 4]}
  width: {int: [16, 128], step: 16}
  batch: [32, 64, 128]
  dropout: {float: [0, 0.5]}
  optimizer: [sgd, adam]
  momentum: {float: [0, 0.95], when: {optimizer: sgd}}
`;

const TRAINING = `train:
  dataset: {name: digits, train: 600, validation: 200}
  architecture: {type: mlp, depth: $depth, width: $width, dropout: $dropout}
  optimizer: {type: $optimizer, learning_rate: $lr, momentum: $momentum}
  batch_size: $batch
  epochs: 12
`;

/** The study that most pictures are of: 200 real trainings. */
export const FINISHED = 'digits';
export const TRIALS = 200;

/** Searches what there is to show, and leaves a lab in which some of it still goes on. */
export async function furnish(lab: Lab): Promise<void> {
  const finished = (name: string) => async (): Promise<boolean> => (await lab.studies()).get(name) === 'finished';
  lab.worker('north', '--slots', '1', '--label', 'zone=north');
  lab.worker('south', '--slots', '1', '--label', 'zone=south');
  const median = 'pruner: {type: median, startup_trials: 8, warmup_steps: 3}\n';
  await lab.submit(FINISHED, `budget: {trials: ${TRIALS}}\nseed: 7\nsampler: tpe\n${median}${TRAINING}${SPACE}`);
  await lab.until(`${FINISHED} to be searched`, finished(FINISHED));
  await lab.submit(
    'digits-random',
    `budget: {trials: 40}\nseed: 7\nsampler: random\npruner: none\n${TRAINING}${SPACE}`,
  );
  await lab.until('digits-random to be searched', finished('digits-random'));
  await furnishStates(lab);
}

/** Studies in the states that a search can be in beside finished. */
async function furnishStates(lab: Lab): Promise<void> {
  const command = (script: string): string =>
    `metric: {name: score, goal: maximize}\nseed: 1\nsampler: random\ncommand: {argv: [sh, ${script}, "{lr}"]}\nspace:\n  lr: {log: [1e-3, 1]}\n`;
  const failing = lab.script(
    'failing.sh',
    'echo "loading weights from /data/none.pt"\necho "cannot read it" >&2\nexit 3\n',
  );
  await lab.submit('failing', `budget: {trials: 30}\nlimits: {attempts: 1}\n${command(failing)}`);
  const talking = lab.script(
    'talking.sh',
    `echo "learning rate $1, on $(uname -m)"
i=0
while [ $i -lt 100000 ]; do
  i=$((i + 1))
  echo "{\\"step\\": $i, \\"score\\": 0.$((400 + (i * 37) % 500))}" >&3
  echo "epoch $i: loss 0.$((900 - (i * 7) % 800)), 128 batches in 1.$((i % 10)) s"
  sleep 0.4
done
`,
  );
  await lab.submit('talking', `budget: {trials: 12, time: 3h}\nlimits: {attempts: 50}\n${command(talking)}`);
  await lab.submit('resting', `budget: {trials: 50}\n${command(talking)}`);
  await lab.assay('pause', 'resting');
  await lab.submit('homeless', `budget: {trials: 20}\nrequires: {gpu: 2, memory: 32GiB}\n${command(talking)}`);
  await lab.until('a trial to talk', async () => {
    const { stdout } = await lab.assay('leaderboard', 'talking', '--json');
    return (JSON.parse(stdout) as { running: unknown[] }).running.length > 0;
  });
  await sleep(4_000); // Some curve to see.
}
