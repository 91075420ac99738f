/** The text that is printed: indented, or on one line for streams of documents. */
export function printJson(json: unknown, oneLine = false): void {
  process.stdout.write(`${JSON.stringify(json, undefined, oneLine ? undefined : 2)}\n`);
}
