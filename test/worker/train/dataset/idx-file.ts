/** An IDX file of unsigned bytes. */
export function idxFile(shape: readonly number[], values: Uint8Array, magic: number = 0x800 | shape.length): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(magic, 0);
  for (const [axis, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * axis);
  return Buffer.concat([header, values]);
}
