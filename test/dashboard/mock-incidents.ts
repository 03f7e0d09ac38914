import type { FastifyInstance } from 'fastify';
import type { Topic } from '../../src/model/channel.ts';
import type { IncidentView } from '../../src/model/views/channel.ts';
import type { MockWorld } from './mock-world.ts';

type Problem = IncidentView['problems'][number];

/** An open incident with one problem: a halted expansion, unless it is said what else. */
export function anIncident(
  id: string,
  topic: Topic,
  { problem, ...more }: Partial<IncidentView> & { readonly problem?: Partial<Problem> } = {},
): IncidentView {
  return {
    id,
    title: 'exp_0halted',
    expansionId: null,
    label: null,
    openedAt: Date.now(),
    changedAt: Date.now(),
    endedAt: null,
    acknowledged: null,
    problems: [
      {
        topic,
        level: 'error',
        since: Date.now(),
        master: '10.7.0.1:9221',
        node: null,
        until: 'over',
        text: '10.7.0.2:9221 20 KB',
        ...problem,
      },
    ],
    moreProblems: 0,
    ...more,
  };
}

/** An incident of each kind that no card of the overview says. */
export const incidentsOfEachKind = (): readonly IncidentView[] => [
  anIncident('inc_guard', 'guard', {
    title: 'grd_1',
    guardId: 'grd_1',
    moreProblems: 2,
    problem: { text: '10.0.0.2:9221 is_master' },
  }),
  anIncident('inc_audit', 'audit', {
    title: 'aud_1',
    auditId: 'aud_1',
    problem: { text: '10.0.0.3:9221 damaged', until: 'acknowledged' },
  }),
  anIncident('inc_replacement', 'replacement', {
    title: 'rep_1',
    replacementId: 'rep_1',
    problem: { text: '10.0.0.4:9221 held', level: 'warning' },
  }),
  anIncident('inc_workers', 'unattended', { title: 'Pika', problem: { text: '5 min', master: null } }),
];

/** Incidents as the service has them: who acknowledges one ends what nothing else ends. */
export function registerIncidents(
  app: FastifyInstance,
  world: MockWorld,
  given: readonly IncidentView[],
): void {
  let incidents = [...given];
  app.get('/v1/incidents', async () => ({ items: incidents, nextCursor: null }));
  app.post<{ Params: { id: string }; Body: { reason: string } }>(
    '/v1/incidents/:id/acknowledge',
    async ({ params, body }) => {
      const acknowledged = { by: 'ann', at: world.now, reason: body.reason };
      const before = incidents.find(({ id }) => id === params.id)!;
      const problems = before.problems.filter(({ until }) => until === 'over');
      const after = { ...before, acknowledged, problems };
      incidents = incidents
        .map((incident) => (incident === before ? after : incident))
        .filter((incident) => incident.problems.length > 0);
      return after;
    },
  );
}
