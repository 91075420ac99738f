/** A trial's streams of chance, one for each thing that draws. */
export const STREAM = { mathRandom: 0, weights: 1, dropout: 2, shuffle: 3 } as const;
