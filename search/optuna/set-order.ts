/**
 * The order in which CPython iterates over a set into which these integers were put one after another: Optuna's grid
 * sampler draws from such a set, so its order decides which grid point a draw means.
 *
 * @param integers >= 0 and < 2^31, each once
 * @see CPython `Objects/setobject.c`: open addressing, ten probes in a row, then a jump perturbed by the hash
 */
export function setOrder(integers: readonly number[]): number[] {
  let table = new Int32Array(8).fill(-1);
  let filled = 0;
  for (const integer of integers) {
    insert(table, integer);
    filled++;
    if (filled * 5 >= (table.length - 1) * 3) table = resized(table, filled > 50000 ? filled * 2 : filled * 4);
  }
  return [...table].filter((integer) => integer >= 0);
}

const LINEAR_PROBES = 9;

function insert(table: Int32Array, integer: number): void {
  const mask = table.length - 1;
  let perturb = integer;
  let at = integer & mask;
  for (;;) {
    const last = at + LINEAR_PROBES <= mask ? at + LINEAR_PROBES : at;
    for (let i = at; i <= last; i++) {
      if (table[i] !== -1) continue;
      table[i] = integer;
      return;
    }
    perturb >>= 5;
    at = (at * 5 + 1 + perturb) & mask;
  }
}

function resized(table: Int32Array, above: number): Int32Array<ArrayBuffer> {
  let size = 8;
  while (size <= above) size *= 2;
  const larger = new Int32Array(size).fill(-1);
  for (const integer of table) if (integer >= 0) insert(larger, integer);
  return larger;
}
