/**
 * What a tracker keeps of the latest that the agent on a server's host told. An agent is believed in what holds a node,
 * and never in what makes it `verified`: no rule of evidence that INFO and the comparison decide reads a sight.
 */
import type { Look } from '../../model/observation.ts';
import type { AgentSight } from '../../model/views/agent.ts';

/** Clocks of hosts are known to the time that a report is on its way; looks are some time apart. */
export const clocksApartMs = 3000;
/** Lines from before the service acted tell why a server stands as it does; much older ones do not. */
const tellsBeforeMs = 10 * 60_000;
/** An expansion is stored at each step, with all its trackers. */
const logLinesKept = 60;

/**
 * The tracker with the sight of a look; without a sight, what was known stays, with its time. Lines of the log from long
 * before `since` are left out.
 */
export function withSight<Tracker extends { readonly sight?: AgentSight }>(
  tracker: Tracker,
  { sight }: Look,
  since: number,
): Tracker {
  if (sight === undefined || (tracker.sight !== undefined && tracker.sight.at >= sight.at)) return tracker;
  const { server } = sight;
  const log = server.log.filter(({ at }) => at >= since - tellsBeforeMs).slice(-logLinesKept);
  return { ...tracker, sight: { ...sight, server: { ...server, log } } };
}
