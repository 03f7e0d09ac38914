import { type ExpansionState, isActive, type JoinPhase } from '../../core/expansion.ts';
import { useMessages } from '../i18n/index.tsx';
import { Icon, type IconName } from './icon.tsx';

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

export function PhaseBadge({ phase }: { readonly phase: JoinPhase }) {
  const t = useMessages();
  const look = phaseLook(phase);
  return (
    <span className={`badge ${look.tone}`} data-phase={phase} title={t.phaseHelp[phase]}>
      <Icon name={look.icon} turning={isActive(phase)} />
      {t.phases[phase]}
    </span>
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
