import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Leaves the heap without garbage. */
export function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
