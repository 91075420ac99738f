/** Version of the worker protocol and of the study service, "major.minor". */
export const PROTOCOL_VERSION = '1.1';

/**
 * Why two ends cannot work together; undefined when they can. Neighbouring minor versions can (P18).
 *
 * @param theirs what the other end says it speaks
 */
export function incompatibility(theirs: string, ours: string = PROTOCOL_VERSION): string | undefined {
  const [major, minor] = parse(ours)!;
  const other = parse(theirs);
  if (other === undefined) return `protocol version ${JSON.stringify(theirs)} is not of the form major.minor`;
  if (other[0] === major && Math.abs(other[1] - minor) <= 1) return undefined;
  return `protocol version ${theirs} does not go with ${ours}: install the same version of Assay on both ends`;
}

/** Whether the other end, which this one can work with, is of minor version `minor` or later. */
export function knows(theirs: string, minor: number): boolean {
  return (parse(theirs)?.[1] ?? 0) >= minor;
}

function parse(version: string): [major: number, minor: number] | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})$/.exec(version);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}
