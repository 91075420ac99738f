import {
  createSpace,
  type FloatParam,
  fillParams,
  History,
  type ParamSpec,
  type Params,
  Rng,
  type Space,
} from '../../../search/index.js';

export function real(name: string, more: Partial<FloatParam> = {}): FloatParam {
  return { name, kind: 'float', low: 0, high: 1, log: false, ...more };
}

/** A parameter that is active for one optimizer of two, and one for two depths of four. */
export function conditionalSpace(): Space {
  const params: ParamSpec[] = [
    { name: 'optimizer', kind: 'categorical', choices: ['sgd', 'adam'] },
    real('momentum', { when: [{ param: 'optimizer', test: { in: ['sgd'] } }] }),
    { name: 'depth', kind: 'int', low: 1, high: 4, log: false, step: 1 },
    real('skip', { when: [{ param: 'depth', test: { op: '>', value: 2 } }] }),
    real('rate'),
  ];
  return createSpace(params);
}

/** A history of random trials, each complete with the value that the function gives it. */
export function played(space: Space, trials: number, value: (params: Params) => number, seed = 3): History {
  const history = new History('minimize', 'best');
  for (let number = 0; number < trials; number++) {
    const params = fillParams(space, {}, new Rng(seed, number))!;
    history.propose(number, params, 'test');
    history.start(number);
    history.report(number, 1, value(params));
    history.end(number, 'complete');
  }
  return history;
}

export function at(params: Params, name: string): number {
  return Number(params[name]);
}
