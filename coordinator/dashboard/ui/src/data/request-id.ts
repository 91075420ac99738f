/** A new id for a request. Unlike `crypto.randomUUID` it is there on pages that came in plain text as well. */
export function newRequestId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
