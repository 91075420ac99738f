import type { WorkerJson } from '../../../../../proto/json.js';
import { useNow, useOverview, useSource } from '../data/hooks.js';
import { formatBytes, formatDuration, formatShare } from '../format.js';
import { ActButton, Confirm } from '../parts/confirm.js';
import { Link, studyPath } from '../parts/link.js';
import { ConnectionNotice, Empty, Loading } from '../parts/notices.js';
import { StateBadge } from '../parts/state-badge.js';

/** Who is attached, what runs there, and what became of it. */
export function WorkersPage() {
  const { overview, connection } = useOverview();
  const now = useNow();
  if (overview === undefined) return <Loading what="workers" />;
  const { workers } = overview;
  if (workers.length === 0) {
    return (
      <Empty title="No worker is attached.">
        <p>
          Start one with <code>assay worker --coordinator HOST:PORT</code>; it may run on any machine that reaches this
          one.
        </p>
      </Empty>
    );
  }
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = workers.reduce((sum, worker) => sum + worker.running.length, 0);
  return (
    <>
      <ConnectionNotice connection={connection} />
      <div className="head">
        <h1>Workers</h1>
        <span className="quiet">
          {workers.length} attached, {busy} of {slots} slots busy
        </span>
      </div>
      <div className="cards">
        {workers.map((worker) => (
          <WorkerCard key={worker.id} worker={worker} now={now} />
        ))}
      </div>
    </>
  );
}

function WorkerCard({ worker, now }: { readonly worker: WorkerJson; readonly now: number }) {
  const { rule } = useSource();
  const attachedMs = now - worker.attachedAtMs;
  const perHour = attachedMs > 60_000 ? (worker.attemptsDone / attachedMs) * 3_600_000 : undefined;
  const labels = Object.entries(worker.labels);
  return (
    <article className="panel card">
      <header className="row">
        <h2>{worker.name}</h2>
        <StateBadge state={stateOf(worker)} />
      </header>
      <dl className="facts">
        <dt>slots</dt>
        <dd>
          {worker.running.length} of {worker.slots} busy
        </dd>
        <dt>backend</dt>
        <dd title={worker.backendReason}>{worker.backend || '–'}</dd>
        <dt>runs</dt>
        <dd>{worker.objectives.join(', ')}</dd>
        <dt>attempts done</dt>
        <dd>
          {worker.attemptsDone}
          {perHour !== undefined && ` (${Math.round(perHour).toLocaleString()} per hour)`}
        </dd>
        <dt>failed</dt>
        <dd>{worker.attemptsFailed}</dd>
        <dt>attached for</dt>
        <dd>{formatDuration(attachedMs)}</dd>
        {labels.length > 0 && (
          <>
            <dt>labels</dt>
            <dd>{labels.map(([name, value]) => `${name}=${value}`).join(', ')}</dd>
          </>
        )}
      </dl>
      {worker.gpus.map((gpu) => (
        <div key={gpu.id} className="gpu">
          <strong>{gpu.name}</strong>
          <span className="small">
            {gpu.utilization === null ? '' : `${formatShare(gpu.utilization)} busy, `}
            {gpu.memoryUsedBytes === null ? '' : `${formatBytes(gpu.memoryUsedBytes)} of `}
            {formatBytes(gpu.memoryBytes)}
          </span>
        </div>
      ))}
      {worker.running.length > 0 && (
        <ul className="plain small">
          {worker.running.map(({ study, trial, attempt }) => (
            <li key={`${study}/${trial}`}>
              <Link to={`${studyPath(study)}?trial=${trial}`}>
                {study}, trial {trial}
              </Link>
              {attempt > 1 && ` (attempt ${attempt})`}
            </li>
          ))}
        </ul>
      )}
      {worker.quarantine !== '' && <p className="strip strip-bad">{worker.quarantine}</p>}
      {rule && worker.quarantine !== '' && (
        <ActButton
          label="Let it work again"
          act={() => rule(`workers/${encodeURIComponent(worker.id)}/unquarantine`, {})}
        />
      )}
      {rule && !worker.draining && (
        <Confirm
          label="Drain"
          question={`${worker.name} takes nothing more and ends once what runs on it has ended or was handed back. It must be started again by hand.`}
          act={() => rule(`workers/${encodeURIComponent(worker.id)}/drain`, {})}
        />
      )}
    </article>
  );
}

function stateOf({ connected, draining, quarantine }: WorkerJson): string {
  if (quarantine !== '') return 'quarantined';
  if (!connected) return 'away';
  return draining ? 'draining' : 'attached';
}
