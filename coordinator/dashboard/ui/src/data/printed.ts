/** A colour, a cursor that moves: what a terminal does and a page does not. */
const ESCAPES = /\p{Cc}\[[\d;?]*[A-Za-z]/gu;
/** Controls that are left then, tabs and line ends aside. */
const CONTROLS = /(?![\t\n\r])\p{Cc}/gu;

/** What a program printed, as a terminal would have left it: a line that was written over again and again is its last. */
export function asRead(printed: string): string {
  return printed
    .replace(ESCAPES, '')
    .replace(CONTROLS, '·')
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1)!)
    .join('\n');
}
