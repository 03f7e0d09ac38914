import { type ExpansionState, isActive, type JoinPhase, type SilentNode } from '../../model/expansion.ts';
import type { JoinView } from '../../model/views/expansion.ts';
import { formatClock } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Icon, type IconName } from './icon.tsx';
import { useDuration, useNow } from './parts.tsx';

export type Tone = 'good' | 'info' | 'warn' | 'bad' | 'odd' | 'plain';

interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
}

/** Each state has its own shape and word besides its colour. */
const stateLooks: Readonly<Record<ExpansionState, Look>> = {
  pending: { tone: 'plain', icon: 'circle' },
  running: { tone: 'info', icon: 'ring' },
  paused: { tone: 'warn', icon: 'pause' },
  awaiting_approval: { tone: 'warn', icon: 'hand' },
  halted: { tone: 'bad', icon: 'stop' },
  succeeded: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'plain', icon: 'ban' },
};

const endPhaseLooks: Readonly<Partial<Record<JoinPhase, Look>>> = {
  waiting: { tone: 'plain', icon: 'circle' },
  verified: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'cross' },
  quarantined: { tone: 'odd', icon: 'shield' },
  skipped: { tone: 'plain', icon: 'skip' },
  cancelled: { tone: 'plain', icon: 'ban' },
};

export const phaseLook = (phase: JoinPhase): Look => endPhaseLooks[phase] ?? { tone: 'info', icon: 'ring' };

export function StateBadge({ state, large }: { readonly state: ExpansionState; readonly large?: boolean }) {
  const t = useMessages();
  const look = stateLooks[state];
  return (
    <span className={`badge ${look.tone} ${large ? 'large' : ''}`} data-state={state}>
      <Icon name={look.icon} turning={state === 'running'} />
      {t.states[state]}
    </span>
  );
}

export function PhaseBadge({
  phase,
  silent = null,
}: {
  readonly phase: JoinPhase;
  readonly silent?: SilentNode | null | undefined;
}) {
  const t = useMessages();
  const look = phaseLook(phase);
  if (silent && isActive(phase))
    return (
      <span className="badge bad" data-phase={phase} data-silent={silent.how}>
        <Icon name="cross" />
        {t.phases[phase]}: {t.silence[silent.how]}
      </span>
    );
  return (
    <span className={`badge ${look.tone}`} data-phase={phase} title={t.phaseHelp[phase]}>
      <Icon name={look.icon} turning={isActive(phase)} />
      {t.phases[phase]}
    </span>
  );
}

/** "unreachable for 28 s, the attempt ends in 32 s", counting on; nothing while the node answers. */
export function Silence({ join }: { readonly join: Pick<JoinView, 'phase' | 'progress'> }) {
  const t = useMessages();
  const now = useNow();
  const duration = useDuration();
  const { silent } = join.progress;
  if (!silent || !isActive(join.phase)) return null;
  const whole = (ms: number) => duration(Math.max(0, Math.floor(ms / 1000) * 1000));
  return (
    <span className="silent-node strong">
      {t.silence.lasts(t.silence[silent.how], whole(now - silent.since), whole(silent.attemptEndsAt - now))}
    </span>
  );
}

/** When the present phase should end, and what the service does at the latest when; nothing while no end is known. */
export function Ends({ join }: { readonly join: Pick<JoinView, 'phase' | 'progress'> }) {
  const t = useMessages().ends;
  const now = useNow();
  const { expectedEndsAt: expected, boundEndsAt: bound, atBound } = join.progress;
  return (
    <>
      {expected != null && (
        <span>{now > expected ? t.late(formatClock(expected)) : t.expected(formatClock(expected))} </span>
      )}
      {bound != null && atBound && <span>{t.bound(formatClock(bound), atBound.text)}</span>}
    </>
  );
}

export function Badge({
  tone,
  icon,
  children,
}: {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: React.ReactNode;
}) {
  return (
    <span className={`badge ${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

const severityLooks = {
  error: { tone: 'bad', icon: 'cross' },
  warning: { tone: 'warn', icon: 'warning' },
  info: { tone: 'plain', icon: 'info' },
} as const;

export function SeverityBadge({ severity }: { readonly severity: 'error' | 'warning' | 'info' }) {
  const t = useMessages().newExpansion;
  const look = severityLooks[severity];
  const words = { error: t.severityError, warning: t.severityWarning, info: t.severityInfo };
  return (
    <Badge tone={look.tone} icon={look.icon}>
      {words[severity]}
    </Badge>
  );
}
