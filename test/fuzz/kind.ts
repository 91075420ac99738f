/** What came of one input. */
export type Verdict = 'accepted' | 'refused';

/** Something that takes input from outside. */
export interface FuzzKind {
  readonly name: string;
  /**
   * Makes inputs and tries them.
   *
   * @param seed decides all of them
   * @param count how many
   * @param tell called after each
   * @throws {Error} that shows the input, when one crashed what it was given to, hung it, or was answered out of line
   */
  run(seed: number, count: number, tell: (verdict: Verdict, ms: number) => void): Promise<void>;
  /** What is held all the time by what is fuzzed, in bytes, where it is a process of its own. */
  memory?(): number;
  close(): Promise<void>;
}

/** Nothing that comes from outside may take longer to answer, on however busy a machine. */
export const LONGEST_MS = 60_000;

/** Nor more of the processor's time than this. */
const MOST_CPU_MS = 10_000;

/**
 * A kind of inputs that are tried in this process.
 *
 * @param attempt tries one; its lane is a number below `lanes` that no other has at the same time
 * @param lanes   how many are tried at a time: those that wait for files most of the time
 */
export function inProcess<I>(
  name: string,
  sample: (seed: number, count: number) => readonly I[],
  attempt: (input: I, lane: number) => Verdict | Promise<Verdict>,
  close: () => Promise<void> = () => Promise.resolve(),
  lanes = 1,
): FuzzKind {
  return {
    name,
    close,
    async run(seed, count, tell) {
      const inputs = sample(seed, count).values();
      const go = async (lane: number): Promise<void> => {
        for (const input of inputs) {
          const began = performance.now();
          const used = process.cpuUsage();
          let verdict: Verdict;
          try {
            verdict = await attempt(input, lane);
          } catch (error) {
            throw new Error(`${name}, seed ${seed}: ${show(input)}`, { cause: error });
          }
          const ms = performance.now() - began;
          const cpu = process.cpuUsage(used);
          const cpuMs = (cpu.user + cpu.system) / 1_000;
          if (ms > LONGEST_MS || cpuMs > MOST_CPU_MS) {
            throw new Error(`${name}, seed ${seed}: took ${ms} ms, ${cpuMs} ms of CPU: ${show(input)}`);
          }
          tell(verdict, ms);
        }
      };
      await Promise.all(Array.from({ length: lanes }, (_, lane) => go(lane)));
    },
  };
}

export function show(input: unknown): string {
  const text = input instanceof Uint8Array ? Buffer.from(input).toString('base64') : JSON.stringify(input);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}...` : text;
}
