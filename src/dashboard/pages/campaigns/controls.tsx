import { Button, Checkbox } from '@mantine/core';
import { useState } from 'react';
import { campaignControlProblem } from '../../../core/campaign/controls.ts';
import type { CampaignVerb } from '../../../model/campaign.ts';
import type { CampaignSummary } from '../../../model/views/campaign.ts';
import { useCampaignControl } from '../../api/campaigns.ts';
import { useMay, useSession } from '../../api/queries.ts';
import { Icon, type IconName } from '../../components/icon.tsx';
import { useAnnounce } from '../../components/parts.tsx';
import { ReasonDialog } from '../../components/reason-dialog.tsx';
import { useMessages, useReader } from '../../i18n.tsx';

const icons: Readonly<Record<CampaignVerb, IconName>> = {
  approve: 'check',
  resume: 'play',
  pause: 'pause',
  cancel: 'ban',
};

const allVerbs = ['approve', 'resume', 'pause', 'cancel'] as const;

/** The controls that fit the campaign's state; none for a viewer. */
export function CampaignControls({
  campaign,
  only = allVerbs,
}: {
  readonly campaign: CampaignSummary;
  readonly only?: readonly CampaignVerb[];
}) {
  const t = useMessages();
  const c = t.campaigns.controls;
  const may = { steer: useMay('steer'), approve: useMay('approve') };
  const control = useCampaignControl(campaign.id);
  const say = useAnnounce();
  const [asked, setAsked] = useState<CampaignVerb | null>(null);
  const [withMembers, setWithMembers] = useState(false);
  const by = useSession().data?.name ?? null;
  const reader = useReader();
  const problemOf = (verb: CampaignVerb, cancelMembers = false) =>
    campaignControlProblem(campaign, { verb, cancelMembers }, { by, fourEyes: campaign.fourEyes });
  const fits = (verb: CampaignVerb, cancelMembers = false) => problemOf(verb, cancelMembers) === null;
  const approval = may.approve ? problemOf('approve') : null;
  const forOthers = approval?.code === 'needs_other_person' ? approval.read(reader).message : null;
  // Once it stops by itself, only the members that run are left to be cancelled.
  const onlyMembers = campaign.stop !== null;
  const verbs = only.filter(
    (verb) => may[verb === 'approve' ? 'approve' : 'steer'] && (fits(verb) || fits(verb, true)),
  );
  if (verbs.length === 0 && forOthers === null) return null;

  const ask = (verb: CampaignVerb) => {
    setWithMembers(onlyMembers);
    setAsked(verb);
  };
  const send = async (reason: string) => {
    if (asked === null) return;
    await control.mutateAsync({ verb: asked, reason, cancelMembers: asked === 'cancel' && withMembers });
    say(t.controls.accepted);
  };
  return (
    <fieldset className="row plain-fieldset">
      <legend className="visually-hidden">{c.group}</legend>
      {forOthers !== null && <span>{forOthers}</span>}
      {verbs.map((verb) => (
        <Button
          key={verb}
          size="sm"
          variant={verb === 'approve' || verb === 'resume' ? 'filled' : 'default'}
          leftSection={<Icon name={icons[verb]} />}
          onClick={() => ask(verb)}
        >
          {c[verb]}
        </Button>
      ))}
      {asked !== null && (
        <ReasonDialog
          title={c[`${asked}Title`]}
          text={c[`${asked}Text`]}
          confirm={c[asked]}
          dangerous={asked === 'cancel'}
          onClose={() => setAsked(null)}
          onConfirm={send}
        >
          {asked === 'cancel' && (
            <Checkbox
              checked={withMembers}
              disabled={onlyMembers}
              onChange={(event) => setWithMembers(event.currentTarget.checked)}
              label={c.cancelMembers}
              description={c.cancelMembersHelp}
            />
          )}
        </ReasonDialog>
      )}
    </fieldset>
  );
}
