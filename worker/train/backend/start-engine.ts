import * as tf from '@tensorflow/tfjs-core';

/** Makes a registered engine the current one and waits until it can compute. @throws when it does not start */
export async function startEngine(name: string): Promise<void> {
  tf.env().set('PROD', true); // No banners and no checks of every operation's arguments.
  if (!(await tf.setBackend(name))) throw new Error(`the ${name} engine did not start`);
  await tf.ready();
}
