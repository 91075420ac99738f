// Figures that take longer than a frame, in a thread of the browser's: neither the page nor the coordinator waits.
import { History } from '../../../../../search/history.js';
import { contour, slice } from '../../../../../search/importance/charts.js';
import { importance } from '../../../../../search/importance/importance.js';
import { createSpace, type Space } from '../../../../../search/space.js';
import type { Answer, Question, Request, Response, StudyRecord } from './messages.js';

let known: { readonly space: Space; readonly history: History } | undefined;

self.onmessage = ({ data: { id, record, question } }: MessageEvent<Request>): void => {
  try {
    if (record !== undefined) known = load(record);
    self.postMessage({ id, answer: known && answer(known.space, known.history, question) } satisfies Response);
  } catch (error) {
    self.postMessage({ id, fault: error instanceof Error ? error.message : String(error) } satisfies Response);
  }
};

function load({ params, relations, goal, trials }: StudyRecord): NonNullable<typeof known> {
  const history = new History(goal, 'last');
  for (const [number, trial] of trials.entries()) {
    history.propose(number, trial.params, '');
    history.start(number);
    history.report(number, 1, trial.value);
    history.end(number, 'complete');
  }
  return { space: createSpace(params, relations), history };
}

function answer(space: Space, history: History, question: Question): Answer {
  switch (question.kind) {
    case 'importance':
      return importance(space, history, history.goal);
    case 'slice':
      return slice(space, history, question.param);
    case 'contour':
      return contour(space, history, question.a, question.b);
  }
}
