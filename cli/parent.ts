/** The process that forked this one, seen through their channel. */
export interface Parent {
  /** Aborted when the parent lets go of this process, or is gone. */
  readonly signal: AbortSignal;
  tell(message: object): void;
  close(): void;
}

/**
 * Ties this process to the one that forked it. The channel breaks when the parent disconnects on purpose and also when it
 * is killed, so that nothing is left behind by either.
 */
export function stopWithParent(): Parent {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('disconnect', stop);
  if (!process.connected) stop();
  return {
    signal: controller.signal,
    tell: (message) => {
      if (process.connected) process.send?.(message);
    },
    close: () => {
      process.off('disconnect', stop);
      if (process.connected) process.disconnect?.();
    },
  };
}
