import type { CampaignState, MemberState } from '../../../model/campaign.ts';
import type { CampaignSummary } from '../../../model/views/campaign.ts';
import { Icon, type IconName } from '../../components/icon.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { useMessages } from '../../i18n.tsx';

interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
}

/** Each state has its own shape and word besides its colour. */
const stateLooks: Readonly<Record<CampaignState, Look>> = {
  pending: { tone: 'plain', icon: 'circle' },
  running: { tone: 'info', icon: 'ring' },
  paused: { tone: 'warn', icon: 'pause' },
  awaiting_approval: { tone: 'warn', icon: 'hand' },
  halted: { tone: 'bad', icon: 'stop' },
  stopping: { tone: 'bad', icon: 'stop' },
  succeeded: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'plain', icon: 'ban' },
};

const memberLooks: Readonly<Record<MemberState, Look>> = {
  waiting: { tone: 'plain', icon: 'circle' },
  starting: { tone: 'info', icon: 'ring' },
  running: { tone: 'info', icon: 'ring' },
  succeeded: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'cross' },
  refused: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'plain', icon: 'ban' },
  not_begun: { tone: 'plain', icon: 'skip' },
};

export function CampaignBadge({ state, large }: { readonly state: CampaignState; readonly large?: boolean }) {
  const t = useMessages().campaigns;
  const look = stateLooks[state];
  return (
    <span className={`badge ${look.tone} ${large ? 'large' : ''}`} data-state={state}>
      <Icon name={look.icon} turning={state === 'running'} />
      {t.states[state]}
    </span>
  );
}

export function MemberBadge({ state }: { readonly state: MemberState }) {
  const t = useMessages().campaigns;
  const look = memberLooks[state];
  return (
    <Badge tone={look.tone} icon={look.icon}>
      {t.memberStates[state]}
    </Badge>
  );
}

/** What is done on the left, what is to do on the right. */
const order: readonly MemberState[] = [
  'succeeded',
  'failed',
  'refused',
  'cancelled',
  'running',
  'starting',
  'waiting',
  'not_begun',
];

/** `2 succeeded, 1 running`. */
export function stripWords(
  { byState }: CampaignSummary['progress'],
  words: Readonly<Record<MemberState, string>>,
): string {
  const present = order.filter((state) => byState[state] > 0);
  return present.map((state) => `${byState[state]} ${words[state]}`).join(', ');
}

/** All members as one line: a share per state, in words for those who do not see it. */
export function MemberStrip({ progress }: Pick<CampaignSummary, 'progress'>) {
  const t = useMessages().campaigns;
  const counts = order
    .map((state) => ({ state, count: progress.byState[state] }))
    .filter(({ count }) => count > 0);
  const words = stripWords(progress, t.memberStates);
  return (
    <div className="phase-strip" role="img" aria-label={`${t.progressLabel}: ${words}`} title={words}>
      {counts.map(({ state, count }) => (
        <i key={state} className={`phase-${colours[state]}`} style={{ flexGrow: count }} />
      ))}
    </div>
  );
}

/** The colours of the phases of nodes, which mean the same. */
const colours: Readonly<Record<MemberState, string>> = {
  waiting: 'waiting',
  starting: 'attaching',
  running: 'transferring',
  succeeded: 'verified',
  failed: 'failed',
  refused: 'failed',
  cancelled: 'cancelled',
  not_begun: 'cancelled',
};
