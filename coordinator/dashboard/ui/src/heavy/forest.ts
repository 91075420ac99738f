import { type Context, createContext, useEffect, useState } from 'react';
import type { Contour, SlicePoint } from '../../../../../search/importance/charts.js';
import type { Importance } from '../../../../../search/importance/importance.js';
import type { Params } from '../../../../../search/param.js';
import type { StudyData } from '../data/study-data.js';
import type { Answer, Question, Request, Response, StudyRecord } from './messages.js';

/** Starts the thread; a page in a file brings one along, because it cannot load another file. */
export const ForestThreadContext: Context<() => Worker> = createContext(
  () => new Worker(new URL('./heavy.worker.ts', import.meta.url), { type: 'module' }),
);

/** The thread that answers questions about one study. */
export class Forest {
  readonly #data: StudyData;
  readonly #thread: Worker;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #sent: number | undefined;
  #asked = 0;

  constructor(data: StudyData, thread: Worker) {
    this.#data = data;
    this.#thread = thread;
    this.#thread.onmessage = ({ data: response }: MessageEvent<Response>) => {
      const waiting = this.#waiting.get(response.id);
      this.#waiting.delete(response.id);
      if ('fault' in response) waiting?.reject(new Error(response.fault));
      else waiting?.resolve(response.answer);
    };
    // A thread that cannot be started answers nothing; whoever waits is told so.
    this.#thread.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message || 'the thread did not start'));
      this.#waiting.clear();
    };
  }

  importance(): Promise<Importance[]> {
    return this.#ask({ kind: 'importance' }) as Promise<Importance[]>;
  }

  slice(param: string): Promise<SlicePoint[]> {
    return this.#ask({ kind: 'slice', param }) as Promise<SlicePoint[]>;
  }

  contour(a: string, b: string): Promise<Contour | undefined> {
    return this.#ask({ kind: 'contour', a, b }) as Promise<Contour | undefined>;
  }

  close(): void {
    this.#thread.terminate();
  }

  #ask(question: Question): Promise<Answer> {
    const isNew = this.#sent !== this.#data.version;
    this.#sent = this.#data.version;
    const request: Request = { id: this.#asked++, record: isNew ? recordOf(this.#data) : undefined, question };
    this.#thread.postMessage(request);
    return new Promise((resolve, reject) => this.#waiting.set(request.id, { resolve, reject }));
  }
}

function recordOf({ space, metric, ranked }: StudyData): StudyRecord {
  const complete = ranked.filter(({ state, value }) => state === 'complete' && Number.isFinite(value));
  return {
    params: space.params,
    relations: space.relations,
    goal: metric.goal,
    trials: complete.map(({ params, value }) => ({
      value: value!,
      params: Object.fromEntries(
        space.params.flatMap(({ name }, index) => (params[index] === null ? [] : [[name, params[index]!]])),
      ) as Params,
    })),
  };
}

/** Asks again whenever `version` changes; undefined until the first answer. */
export function useAnswer<T>(ask: () => Promise<T>, keys: readonly unknown[]): T | undefined {
  const [answer, setAnswer] = useState<T>();
  useEffect(() => {
    let gone = false;
    ask().then(
      (value) => {
        if (!gone) setAnswer(() => value);
      },
      () => {
        if (!gone) setAnswer(undefined);
      },
    );
    return () => {
      gone = true;
    };
  }, keys);
  return answer;
}
