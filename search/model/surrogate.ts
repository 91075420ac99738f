import type { History } from '../history.js';
import type { Code, Codec } from './codec.js';
import { defaultKernel, fitKernel } from './fit-kernel.js';
import { GaussianProcess } from './gaussian-process.js';
import type { Kernel } from './kernel.js';
import { MOST_ROWS, ObservedTrials } from './observed-trials.js';
import { TrainingCosts } from './training-costs.js';

/** Ended trials that a kernel is fitted to, and how far back they are looked for. */
const FIT_TO = 28;
const FIT_WITHIN = 400;
/** The best of all that are asked for. */
const LEADERS = 5;

/**
 * A model of what configurations are worth, learnt from a history and kept up to date with it.
 *
 * Cost, whatever the history's length: a suggestion adds a row or two of at most 54 (O(54^2) each) and builds all anew one
 * time in six (O(54^3)), or, where trials are stopped early, whenever one has ended, since all expectations move then; a kernel is fitted only where the history has grown by the square root of two since the last time
 * (O(28^3), twenty to thirty times).
 *
 * All of this is a function of the history alone. The process is the same whether grown or built at once. A kernel
 * belongs to a milestone, a number of trials; it is fitted to those ended trials that are numbered below, starting from the
 * kernel of the milestone before, and fitted again when one of these trials ends late.
 */
export class Surrogate {
  readonly trials: ObservedTrials;
  readonly #codec: Codec;
  /** By milestone; none is kept that a change has made wrong. */
  readonly #kernels: { readonly milestone: number; readonly kernel: Kernel }[] = [];
  readonly #default: Kernel;
  #process: GaussianProcess | undefined;
  #kernel: Kernel | undefined;
  #rows: readonly number[] = [];
  #doubts: readonly number[] = [];
  #leaders: readonly number[] = [];
  #history: History | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
    this.#default = defaultKernel(codec.categorical);
    this.trials = new ObservedTrials(
      () => {
        this.#kernels.length = 0;
        this.#kernel = undefined;
        this.#rows = [];
      },
      (number) => {
        while ((this.#kernels.at(-1)?.milestone ?? 0) > number) this.#kernels.pop();
      },
    );
  }

  follow(history: History): void {
    this.#history = history;
    this.trials.follow(history);
  }

  /** The process as the history followed last has it. */
  update(): GaussianProcess {
    const kernel = this.#currentKernel();
    const rows = this.trials.rows();
    let process = this.#process;
    if (process === undefined || kernel !== this.#kernel) {
      process = new GaussianProcess(this.#codec.categorical, kernel, MOST_ROWS);
      this.#process = process;
      this.#kernel = kernel;
      this.#rows = [];
    }
    const prospects = this.trials.prospectsOf(rows);
    const doubts = rows.map((_, row) => prospects.doubtOf(row));
    let same = 0;
    while (same < rows.length && rows[same] === this.#rows[same] && doubts[same] === this.#doubts[same]) same++;
    process.truncate(same);
    for (let row = same; row < rows.length; row++) process.append(this.codeOf(rows[row]!), doubts[row]);
    this.#rows = rows;
    this.#doubts = doubts;
    this.#leaders = prospects.best(LEADERS).map((row) => rows[row]!);
    process.observe((row, expected) => prospects.valueOf(row, expected));
    return process;
  }

  /** Numbers of the best trials as the process has them, the best first; at least one. */
  get leaders(): readonly number[] {
    return this.#leaders;
  }

  /** What training costs, by the trials that the process looks at; undefined where that is hardly known. */
  costs(): TrainingCosts | undefined {
    const trials = this.#rows.map((number) => this.#history!.get(number)!);
    return TrainingCosts.of(this.#codec, trials);
  }

  codeOf(number: number): Code {
    return this.#codec.encode(this.#history!.get(number)!.params);
  }

  /** The kernel of the last milestone below which hardly any trial is still open. */
  #currentKernel(): Kernel {
    const { trials } = this;
    let last = 0;
    while (milestoneAt(last) <= trials.end) last++;
    while (last > 0 && trials.openBelow(milestoneAt(last - 1)) > Math.max(1, milestoneAt(last - 1) / 50)) last--;
    for (let k = this.#kernels.length; k < last; k++) {
      const milestone = milestoneAt(k);
      const { numbers, values } = trials.sample(milestone - FIT_WITHIN, milestone, FIT_TO);
      const before = this.#kernels[k - 1]?.kernel ?? this.#default;
      const codes = numbers.map((number) => this.codeOf(number));
      this.#kernels.push({ milestone, kernel: fitKernel(this.#codec.categorical, before, codes, values) });
    }
    return this.#kernels[last - 1]?.kernel ?? this.#default;
  }
}

/** 10, 14, 20, 28, 40, ...: a new kernel whenever there are about 1.4 times as many trials. */
function milestoneAt(index: number): number {
  return Math.round(10 * Math.SQRT2 ** index);
}
