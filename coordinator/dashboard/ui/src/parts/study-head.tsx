import { useNow, useSource } from '../data/hooks.js';
import { useSession } from '../data/session.js';
import type { StudyData } from '../data/study-data.js';
import { bestValue, budgetShare, doneOf, savedShare, timeLeftMs, trialsPerHour } from '../data/study-figures.js';
import { formatDuration, formatMetric, formatShare } from '../format.js';
import { Progress } from './progress.js';
import { StateBadge } from './state-badge.js';
import { StudyControls } from './study-controls.js';

/** Name and state, how far it has come, the best so far, and what can be done with it. */
export function StudyHead({ data }: { readonly data: StudyData; readonly version: number }) {
  useNow();
  const { act, rule } = useSource();
  const isLive = useSession() !== undefined;
  const { study } = data;
  const now = data.now();
  const share = budgetShare(study, now);
  const left = timeLeftMs(study, now);
  const pace = trialsPerHour(study, now);
  const saved = savedShare(study);
  const elapsed = (study.finishedAtMs ?? now) - study.createdAtMs;
  const done = doneOf(study);
  return (
    <section className="study-head">
      <div className="row spread">
        <div className="row">
          <h1>{study.id}</h1>
          <StateBadge state={study.state} />
        </div>
        {isLive && <StudyControls data={data} act={act} rule={rule} />}
      </div>
      {study.notice !== '' && <div className={study.state === 'finished' ? 'quiet' : 'strip'}>{study.notice}</div>}
      {share !== undefined && <Progress share={share} label="budget used" />}
      <dl className="figures">
        <Figure name={`best ${study.metric}`} detail={study.best === null ? '' : bestDetail(study.best)}>
          {study.best === null ? '–' : formatMetric(bestValue(study))}
        </Figure>
        <Figure name="trials" detail={countsText(study.counts)}>
          {study.budgetTrials > 0
            ? `${done.toLocaleString()} / ${study.budgetTrials.toLocaleString()}`
            : done.toLocaleString()}
        </Figure>
        <Figure
          name={study.state === 'finished' ? 'took' : 'running for'}
          detail={left === undefined ? '' : `about ${formatDuration(left)} left`}
        >
          {formatDuration(elapsed)}
        </Figure>
        <Figure name="trials per hour" detail={study.parallel > 0 ? `${study.parallel} at a time` : 'every free slot'}>
          {pace === undefined ? '–' : Math.round(pace).toLocaleString()}
        </Figure>
        <Figure
          name="training saved"
          detail={`${study.stepsRun.toLocaleString()} steps run, ${study.stepsSaved.toLocaleString()} spared`}
        >
          {saved === undefined ? '–' : formatShare(saved)}
        </Figure>
        <Figure name="search" detail={`pruner ${study.pruner}, seed ${study.seed}`}>
          {study.sampler}
        </Figure>
      </dl>
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  readonly detail: string;
  readonly children: React.ReactNode;
}

function Figure({ name, detail, children }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        <span className="quiet small">{detail}</span>
      </dd>
    </div>
  );
}

function bestDetail({ number, valueStep, repeats }: NonNullable<StudyData['study']['best']>): string {
  if (repeats === null || repeats.mean === null) return `trial ${number}, step ${valueStep}`;
  const { complete, wanted } = repeats;
  return `trial ${number}, mean of ${complete === wanted ? complete : `${complete} of ${wanted}`} repeats`;
}

function countsText(counts: StudyData['study']['counts']): string {
  if (counts === null) return '';
  const words = (['running', 'waiting', 'paused', 'complete', 'pruned', 'failed'] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state].toLocaleString()} ${state}`);
  return words.join(', ');
}
