import {
  type Campaign,
  type CampaignControl,
  type CampaignSettings,
  newCampaign,
} from '../../src/model/campaign.ts';

let made = 0;

const campaignSettings: CampaignSettings = {
  maxRunning: 2,
  stopAfterFailures: 1,
  canaryApproval: false,
};

/** A campaign of so many masters with one node each, the first `canaries` of them canaries. */
export function aCampaign(
  over: {
    readonly id?: string;
    readonly label?: string | null;
    readonly members?: number;
    readonly canaries?: number;
    readonly settings?: Partial<CampaignSettings>;
    readonly at?: number;
    readonly forecastSeconds?: number | null;
  } = {},
): Campaign {
  made += 1;
  const { members = 6, canaries = 1, at = 1_800_000_000_000 + made } = over;
  return newCampaign({
    id: over.id ?? `cpn-${made}`,
    label: over.label ?? null,
    requestedBy: 'test',
    via: 'rest',
    at,
    settings: { ...campaignSettings, ...over.settings },
    members: Array.from({ length: members }, (_, index) => {
      const master = `10.1.${index}.1:9221`;
      const nodes = [`10.1.${index}.2:9221`];
      return {
        group: index < canaries ? 'canary' : 'rest',
        master,
        nodes,
        label: null,
        request: { master, nodes },
        forecastSeconds: over.forecastSeconds ?? null,
      };
    }),
  });
}

export function campaignControl(
  verb: CampaignControl['verb'],
  over: Partial<CampaignControl> = {},
): CampaignControl {
  made += 1;
  return { id: `ctl-${made}`, verb, reason: 'because', by: 'anna', at: 1, cancelMembers: false, ...over };
}
