import type { CommandLineWords } from '../../model/command-line/index.ts';
import { agentTroubles } from '../../model/shown-agent.ts';
import { isEnded, needsPerson } from '../../model/states.ts';
import type { AgentList } from '../../model/views/agent.ts';
import type { CampaignSummary } from '../../model/views/campaign.ts';
import type { ExpansionSummary } from '../../model/views/expansion.ts';
import type { StoredGuardDoc } from '../../model/views/guard.ts';
import type { Replacement } from '../../model/views/replacement.ts';
import type { Page } from '../../model/views/schema.ts';
import type { Freeze, Readiness, Session as SignedIn, Workers } from '../../model/views/service.ts';
import { CliError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, printable } from '../format.ts';
import { type Diagnosed, type Need, type Part, renderDoctor } from '../render/doctor.ts';
import { nextStep } from '../render/expansion.ts';
import type { Session } from '../session.ts';
import { stateOf } from './look.ts';

/** After this time an expansion that is due is looked for again: where workers are well, one has taken it. */
const takenWithinMs = 5000;
/** Expansions that ended before these are no news. */
const endedLooked = 50;

/** How the service is, who waits for what, and what needs a person. 0 only where nothing is to be done. */
export async function doctor(session: Session): Promise<ExitCode> {
  const result = await diagnose(session);
  const exitCode = exitCodeOf(result);
  session.print({ ...result, exitCode }, () =>
    renderDoctor(result, session.context.words.doctor, session.style),
  );
  return exitCode;
}

function exitCodeOf({ parts, needsPerson: needs }: Diagnosed): ExitCode {
  if (parts.some(({ state }) => state === 'broken')) return exitCodes.failed;
  return needs.length > 0 || parts.some(({ state }) => state === 'stopped')
    ? exitCodes.needsPerson
    : exitCodes.succeeded;
}

async function diagnose(session: Session): Promise<Diagnosed> {
  const { client } = session;
  const words = session.context.words.doctor;
  // Whoever may not ask at all is told so, as by every command.
  const readiness = await client.getAlsoNo<Readiness>('/readyz', 'checks');
  const signedIn = await client.get<SignedIn>('/v1/session');
  const [workers, freeze, agents, atWork, ended, needs] = await Promise.all([
    answer(workersNow(session), session),
    answer(client.get<Freeze>('/v1/freeze'), session),
    answer(client.get<AgentList>('/v1/agents'), session),
    answer(expansions(session, false, 200), session),
    answer(expansions(session, true, endedLooked), session),
    Promise.all([campaignsInNeed(session), replacementsInNeed(session), guardsInNeed(session)]),
  ]);
  const version = workers.found?.version ?? null;
  return {
    parts: [
      servicePart(session, version, signedIn),
      ...readiness.checks.map((check) => checkPart(check, words)),
      workersPart(workers, words),
      freezePart(freeze, words),
      agentsPart(agents, words),
    ],
    atWork: (atWork.found ?? [])
      .filter(({ state }) => !needsPerson(state))
      .map((expansion) => ({
        id: expansion.id,
        master: expansion.master.name,
        state: expansion.state,
        text: [
          stateOf(expansion, session.context.reader, session.context.words),
          expansion.stateReason?.text ?? '',
        ]
          .filter(Boolean)
          .join(': '),
      })),
    needsPerson: [
      ...(atWork.found ?? [])
        .filter(({ state }) => needsPerson(state))
        .map((each) => expansionInNeed(each, session)),
      ...quarantinedInNeed([...(ended.found ?? []), ...(atWork.found ?? [])], words),
      ...needs.flat(),
      ...agentsInNeed(agents.found, session),
    ],
  };
}

/** What was found, or why it could not be. */
interface Answer<T> {
  readonly found: T | null;
  readonly problem: string;
}

async function answer<T>(asked: Promise<T>, { context }: Session): Promise<Answer<T>> {
  try {
    return { found: await asked, problem: '' };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { found: null, problem: error.toldIn(context.words).message };
  }
}

/** Who works, with what stays unattended: what a worker takes within seconds is none of it. */
async function workersNow({ client, context }: Session): Promise<Workers> {
  const first = await client.get<Workers>('/v1/workers');
  if (first.unattended.length === 0 || first.count === 0) return first;
  await context.sleep(takenWithinMs);
  const later = await client.get<Workers>('/v1/workers');
  return { ...later, unattended: later.unattended.filter((id) => first.unattended.includes(id)) };
}

async function expansions(
  { client }: Session,
  ended: boolean,
  limit: number,
): Promise<readonly ExpansionSummary[]> {
  const state = ended ? 'succeeded,failed,cancelled' : 'pending,running,paused,awaiting_approval,halted';
  return (await client.get<Page<ExpansionSummary>>('/v1/expansions', { state, limit })).items;
}

function servicePart(
  { client, context }: Session,
  version: string | null,
  { name, role, authRequired }: SignedIn,
): Part {
  const words = context.words.doctor;
  const { url } = client.settings;
  const who =
    name !== null && role !== null && authRequired ? words.signedIn(printable(name), role) : words.open;
  const where = version === null ? words.serviceAt(url) : words.service(version, url);
  return { name: 'service', state: 'good', text: [where, who].join('; '), nextSteps: [] };
}

function checkPart({ name, ok, text }: Readiness['checks'][number], words: CommandLineWords['doctor']): Part {
  return ok
    ? { name, state: 'good', text, nextSteps: [] }
    : { name, state: 'broken', text, nextSteps: [words.lookAtLog] };
}

function workersPart({ found, problem }: Answer<Workers>, words: CommandLineWords['doctor']): Part {
  const name = 'workers';
  if (found === null) return { name, state: 'unknown', text: words.unknown(problem), nextSteps: [] };
  const { count, due, unattended, atWork } = found;
  if (count === 0) return { name, state: 'broken', text: words.noWorker, nextSteps: [words.startWorker] };
  if (unattended.length > 0)
    return {
      name,
      state: 'broken',
      text: words.overdue(unattended.length),
      nextSteps: [words.lookAtWorkers],
    };
  if (due.length > 0 && atWork > 0)
    return { name, state: 'good', text: words.busy(atWork, due.length), nextSteps: [] };
  return count === null
    ? { name, state: 'unknown', text: words.workersUnknown, nextSteps: [] }
    : { name, state: 'good', text: words.workers(count), nextSteps: [] };
}

function freezePart({ found, problem }: Answer<Freeze>, words: CommandLineWords['doctor']): Part {
  const name = 'freeze';
  if (found === null) return { name, state: 'unknown', text: words.unknown(problem), nextSteps: [] };
  if (!found.frozen) return { name, state: 'good', text: words.notFrozen, nextSteps: [] };
  const { by, since, reason } = found;
  const text = words.frozen(by ?? '?', since === null ? '?' : formatTime(since), reason ?? '');
  return { name, state: 'stopped', text, nextSteps: [words.unfreeze] };
}

function agentsPart({ found, problem }: Answer<AgentList>, words: CommandLineWords['doctor']): Part {
  const name = 'agents';
  if (found === null) return { name, state: 'unknown', text: words.unknown(problem), nextSteps: [] };
  if (found.items.length === 0) return { name, state: 'unknown', text: words.noAgent, nextSteps: [] };
  const silent = found.items.filter(({ stale }) => stale).length;
  const text = words.agents(found.items.length - silent, silent);
  return { name, state: silent === 0 ? 'good' : 'unknown', text, nextSteps: [] };
}

function expansionInNeed(expansion: ExpansionSummary, { context }: Session): Need {
  const { id, master, stateReason, pendingControl } = expansion;
  const asked = pendingControl && context.words.doctor.asked(pendingControl.verb, pendingControl.by);
  return {
    kind: 'expansion',
    id,
    about: master.name,
    text: asked ?? stateReason?.text ?? stateOf(expansion, context.reader, context.words),
    nextSteps: asked ? [] : (nextStep(expansion, context.words)?.commands ?? []),
  };
}

/** Nodes that ended quarantined, unless a later expansion has them. `newestFirst` holds every later one. */
function quarantinedInNeed(
  all: readonly ExpansionSummary[],
  words: CommandLineWords['doctor'],
): readonly Need[] {
  const later = new Set<string>();
  return all
    .toSorted((a, b) => b.acceptedAt - a.acceptedAt)
    .flatMap((expansion): readonly Need[] => {
      const { id, master, joins, state } = expansion;
      const nodes = joins
        .filter(({ phase, target }) => phase === 'quarantined' && !later.has(target.name))
        .map(({ target }) => target.name);
      for (const { target } of joins) later.add(target.name);
      if (!isEnded(state) || nodes.length === 0) return [];
      const nextSteps = [words.retry(id, nodes.map((node) => `${node},overwrite-data`).join(' '))];
      return [
        { kind: 'expansion', id, about: master.name, text: words.quarantined(nodes.join(', ')), nextSteps },
      ];
    });
}

async function campaignsInNeed(session: Session): Promise<readonly Need[]> {
  const { client, context } = session;
  const page = await answer(client.get<Page<CampaignSummary>>('/v1/campaigns', { limit: 50 }), session);
  return (page.found?.items ?? [])
    .filter((campaign) => campaign.needsPerson)
    .map(({ id, label, stateReason }) => ({
      kind: 'campaign',
      id,
      about: label ?? '',
      text: stateReason?.text ?? context.words.doctor.noReason,
      nextSteps: [`pika-expander campaign show ${id}`],
    }));
}

async function replacementsInNeed(session: Session): Promise<readonly Need[]> {
  const { client, context } = session;
  const page = await answer(client.get<Page<Replacement>>('/v1/replacements', { limit: 50 }), session);
  return (page.found?.items ?? [])
    .filter(({ endedAt, pairs }) => endedAt === null && pairs.some((pair) => pair.needsPerson))
    .map(({ id, master, pairs, stateReason }) => ({
      kind: 'replacement',
      id,
      about: master.name,
      text:
        pairs.find((pair) => pair.needsPerson)?.reason?.text ??
        stateReason?.text ??
        context.words.doctor.noReason,
      nextSteps: [`pika-expander replacement show ${id}`],
    }));
}

async function guardsInNeed(session: Session): Promise<readonly Need[]> {
  const { client, context } = session;
  const page = await answer(client.get<Page<StoredGuardDoc>>('/v1/guards', { limit: 50 }), session);
  return (page.found?.items ?? [])
    .filter(({ endedAt, counts }) => endedAt === null && counts.errors > 0)
    .map(({ id, label, counts }) => ({
      kind: 'guard',
      id,
      about: label ?? '',
      text: context.words.doctor.guardFinds(counts.errors),
      nextSteps: [`pika-expander guard show ${id}`],
    }));
}

const agentsInNeed = (agents: AgentList | null, { context }: Session): readonly Need[] =>
  (agents?.items ?? []).flatMap((agent) =>
    agentTroubles(agent, context.reader)
      .filter(({ tone, step }) => tone === 'bad' && step !== null)
      .map(({ text, step }) => ({
        kind: 'agent',
        id: `${agent.agent}@${agent.host}`,
        about: '',
        text,
        nextSteps: [step!],
      })),
  );
