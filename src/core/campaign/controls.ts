import { isSamePerson } from '../../model/access.ts';
import { type Campaign, type CampaignVerb, campaignHasEnded } from '../../model/campaign.ts';
import { type Refusal, refuse } from '../../model/refusal.ts';

/**
 * Why a control does not fit the campaign as it is now, or null when it does. `asked`: by whom (null = it is not known yet),
 * and whether another person than the requester must approve this campaign.
 */
export function campaignControlProblem(
  campaign: Pick<Campaign, 'id' | 'state' | 'paused' | 'requestedBy'> & {
    readonly stop: Pick<NonNullable<Campaign['stop']>, 'cause' | 'cancelMembers'> | null;
  },
  control: { readonly verb: CampaignVerb; readonly cancelMembers: boolean },
  asked: { readonly by: string | null; readonly fourEyes: boolean } = { by: null, fourEyes: false },
): Refusal | null {
  const { id, state, stop, paused } = campaign;
  const facts = { of: 'campaign', id, state } as const;
  if (campaignHasEnded(state)) return refuse('campaign_ended', { id, state });
  switch (control.verb) {
    case 'pause':
      if (stop !== null) return refuse('campaign_stopping', { id });
      return paused === null ? null : refuse('already_paused', facts);
    case 'resume':
      if (paused !== null && stop === null) return null;
      return refuse('not_paused', { ...facts, stopping: stop !== null });
    case 'approve':
      if (state !== 'awaiting_approval' || stop !== null)
        return refuse('not_awaiting_approval', { ...facts, paused: paused !== null });
      return approvalProblem(campaign, asked);
    case 'cancel':
      if (stop?.cancelMembers || (stop?.cause === 'cancel' && !control.cancelMembers))
        return refuse('already_cancelled', { id, withMembers: stop.cancelMembers !== null });
      return null;
  }
}

function approvalProblem(
  { id, requestedBy }: Pick<Campaign, 'id' | 'requestedBy'>,
  { by, fourEyes }: { readonly by: string | null; readonly fourEyes: boolean },
): Refusal | null {
  if (!fourEyes || by === null || !isSamePerson(by, requestedBy)) return null;
  return refuse('needs_other_person', { of: 'campaign', id, by });
}
