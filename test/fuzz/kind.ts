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

/** Nothing that comes from outside may take longer, on however busy a machine. */
export const LONGEST_MS = 10_000;

/** A kind of inputs that are tried one after another in this process. */
export function inProcess<I>(
  name: string,
  sample: (seed: number, count: number) => readonly I[],
  attempt: (input: I) => Verdict | Promise<Verdict>,
  close: () => Promise<void> = () => Promise.resolve(),
): FuzzKind {
  return {
    name,
    close,
    async run(seed, count, tell) {
      for (const input of sample(seed, count)) {
        const began = performance.now();
        let verdict: Verdict;
        try {
          verdict = await attempt(input);
        } catch (error) {
          throw new Error(`${name}, seed ${seed}: ${show(input)}`, { cause: error });
        }
        const ms = performance.now() - began;
        if (ms > LONGEST_MS) throw new Error(`${name}, seed ${seed}: took ${ms} ms: ${show(input)}`);
        tell(verdict, ms);
      }
    },
  };
}

export function show(input: unknown): string {
  const text = input instanceof Uint8Array ? Buffer.from(input).toString('base64') : JSON.stringify(input);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}...` : text;
}
