import * as tf from '@tensorflow/tfjs-core';

/** No banners and no checks of every operation's arguments. */
export function quieten(): void {
  tf.env().set('PROD', true);
}

/** Makes a registered engine the current one and waits until it can compute. @throws when it does not start */
export async function startEngine(name: string): Promise<void> {
  quieten();
  if (!(await tf.setBackend(name))) throw new Error(`the ${name} engine did not start`);
  await tf.ready();
}
