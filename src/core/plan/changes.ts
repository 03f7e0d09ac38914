/** Whether a plan that a person has seen still says what would happen. */
import { planChange } from '../../model/plan-changes.ts';
import type { Said } from '../../model/text.ts';
import type { Plan } from '../../model/views/plan.ts';
import { driftOf } from './drift.ts';

/**
 * What speaks against starting `planned` without asking again, now that the same request would give `now`: warnings and
 * errors that are new, other slaves of the master, other batches, another expansion to wait for, a forecast that has grown by
 * more than the policy tolerates. What spoke against it and is gone is no such change.
 */
export function changesSince(planned: Plan, now: Plan): readonly Said[] {
  return [...newFindings(planned, now), ...otherSlaves(planned, now), ...otherCourse(planned, now)];
}

function newFindings(planned: Plan, now: Plan): Said[] {
  const known = new Set(planned.findings.map(keyOf));
  return now.findings
    .filter((finding) => finding.severity !== 'info' && !known.has(keyOf(finding)))
    .map((finding) => planChange('finding', { finding }));
}

const keyOf = ({ severity, code, node }: Plan['findings'][number]): string =>
  `${severity} ${code} ${node ?? ''}`;

function otherSlaves(planned: Plan, now: Plan): Said[] {
  if (planned.topology === null || now.topology === null) return [];
  const [before, after] = [slavesOf(planned.topology), slavesOf(now.topology)];
  const come = after.filter((slave) => !before.includes(slave));
  const gone = before.filter((slave) => !after.includes(slave));
  return come.length + gone.length === 0 ? [] : [planChange('slaves', { come, gone })];
}

const slavesOf = ({ slaves }: NonNullable<Plan['topology']>): readonly string[] =>
  slaves.map(({ ip, port }) => `${ip}:${port}`);

function otherCourse(planned: Plan, now: Plan): Said[] {
  const { forecastTolerance: tolerance } = planned.policy;
  const drift =
    planned.forecast && now.forecast && tolerance !== null
      ? driftOf(planned.forecast, now.forecast, tolerance, { at: now.at, batch: 0 })
      : null;
  const sameBatches = JSON.stringify(planned.batches) === JSON.stringify(now.batches);
  return [
    ...(sameBatches
      ? []
      : [planChange('batches', { before: planned.batches, now: now.batches, why: now.batchSizeReason })]),
    ...(now.waitsFor === null || now.waitsFor === planned.waitsFor
      ? []
      : [planChange('waits_for', { expansion: now.waitsFor })]),
    ...(drift ? [planChange('forecast', { figures: drift.figures })] : []),
  ];
}
