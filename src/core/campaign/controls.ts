import { type Campaign, type CampaignVerb, campaignHasEnded } from '../../model/campaign.ts';
import type { Problem } from '../../model/expansion.ts';

/** Why a control does not fit the campaign as it is now, or null when it does. */
export function campaignControlProblem(
  campaign: Pick<Campaign, 'id' | 'state' | 'stop' | 'paused'>,
  control: { readonly verb: CampaignVerb; readonly cancelMembers: boolean },
  now: number,
): Problem | null {
  const problem = (code: string, text: string, ...nextSteps: readonly string[]): Problem => ({
    code,
    text: `Campaign ${campaign.id} ${text}`,
    nextSteps,
    at: now,
  });
  const { state, stop, paused } = campaign;
  if (campaignHasEnded(state))
    return problem(
      'campaign_ended',
      `has ended (${state}); it cannot be changed any more.`,
      'Start a new campaign for the members that were not begun.',
    );
  switch (control.verb) {
    case 'pause':
      if (stop !== null)
        return problem(
          'campaign_stopping',
          'is stopping: no further member begins, so there is nothing to pause.',
          'To hold a member that runs, pause its expansion.',
        );
      if (paused !== null)
        return problem('already_paused', 'is paused already.', 'Resume it when it should go on.');
      return null;
    case 'resume':
      if (paused !== null && stop === null) return null;
      return problem(
        'not_paused',
        stop !== null
          ? 'is stopping; that is not taken back.'
          : `is ${state.replaceAll('_', ' ')}: there is nothing to resume.`,
        ...resumeSteps(campaign),
      );
    case 'approve':
      if (state === 'awaiting_approval' && stop === null) return null;
      return problem(
        'not_awaiting_approval',
        `is ${state.replaceAll('_', ' ')}: the rest does not wait for approval now.`,
        paused !== null ? 'Resume it first.' : 'Approve it once its state is awaiting_approval.',
      );
    case 'cancel':
      if (stop?.cancelMembers || (stop?.cause === 'cancel' && !control.cancelMembers))
        return problem(
          'already_cancelled',
          'is being cancelled already; it ends when the members that run have ended.',
          stop.cancelMembers
            ? 'Wait for their end.'
            : 'Wait for their end, or cancel the running members as well.',
        );
      return null;
  }
}

function resumeSteps(campaign: Pick<Campaign, 'state'>): readonly string[] {
  switch (campaign.state) {
    case 'awaiting_approval':
      return ['Approve it; that is what it waits for.'];
    case 'halted':
      return [
        'Decide about the halted expansion: retry or skip its node, or cancel it; then the campaign goes on.',
      ];
    case 'stopping':
      return ['Start a new campaign for the members that were not begun.'];
    default:
      return ['Nothing needs to be done.'];
  }
}
