import { formatShare } from '../format.js';

/** How much of a budget is used. */
export function Progress({ share, label }: { readonly share: number; readonly label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      title={`${label}: ${formatShare(share)}`}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}
