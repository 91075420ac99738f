/** A state as a word in its colour; the dot is for the eye, the word for everybody. */
export function StateBadge({ state }: { readonly state: string }) {
  return (
    <span className={`badge badge-${state}`}>
      <i aria-hidden="true" />
      {state}
    </span>
  );
}
