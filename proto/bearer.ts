import type { Metadata } from '@grpc/grpc-js';

const HEADER = 'authorization';
const SCHEME = /^Bearer +(\S+)$/i;

/** The token that a call carries. It is taken out, so that nothing behind the door can come to tell it. */
export function takeBearer(metadata: Metadata): string | undefined {
  const [value] = metadata.get(HEADER);
  metadata.remove(HEADER);
  return tokenIn(typeof value === 'string' ? value : undefined);
}

/** The token in the value of an Authorization header. */
export function tokenIn(header: string | undefined): string | undefined {
  return SCHEME.exec(header ?? '')?.[1];
}

export function setBearer(metadata: Metadata, token: string): void {
  metadata.set(HEADER, `Bearer ${token}`);
}
