import { Checkbox, NumberInput, TextInput } from '@mantine/core';
import {
  type HealthPolicy,
  noHealthLimits,
  type PolicyInput,
  type TimeWindow,
} from '../../../model/policy.ts';
import { useMessages } from '../../i18n/index.tsx';

interface Props {
  readonly policy: PolicyInput;
  readonly onChange: (policy: PolicyInput) => void;
}

const MiB = 1024 * 1024;

/** What may set the pace: a budget, limits on the master's health, and hours in which batches begin. Empty = no limit. */
export function PaceForm({ policy, onChange }: Props) {
  const messages = useMessages();
  const t = messages.paceForm;
  const set = (change: PolicyInput) => onChange({ ...policy, ...change });
  const health = policy.health ?? noHealthLimits;
  const setHealth = (change: Partial<HealthPolicy>) => {
    const next = { ...noHealthLimits, ...health, ...change };
    set({ health: Object.values(next).some((limit) => limit !== null) ? next : null });
  };
  const window = policy.windows?.[0];
  const setWindow = (change: Partial<TimeWindow>) => {
    const next = { from: '22:00', to: '06:00', timeZone: browserZone(), ...window, ...change };
    set({ windows: [next] });
  };
  const budget = policy.bandwidthBytesPerSecond ?? null;
  return (
    <div className="stack">
      <div className="form-grid">
        <Limit
          label={t.bandwidth}
          value={budget === null ? null : Math.round(budget / MiB)}
          onChange={(value) => set({ bandwidthBytesPerSecond: value === null ? null : value * MiB })}
        />
        <Limit
          label={t.latency}
          value={health.masterLatencyMs ?? null}
          onChange={(masterLatencyMs) => setHealth({ masterLatencyMs })}
        />
        <Limit
          label={t.slaveLag}
          value={health.slaveLagBytes == null ? null : Math.round(health.slaveLagBytes / MiB)}
          onChange={(value) => setHealth({ slaveLagBytes: value === null ? null : value * MiB })}
        />
        <Limit
          label={t.commands}
          value={health.commandsPerSecond ?? null}
          onChange={(commandsPerSecond) => setHealth({ commandsPerSecond })}
        />
      </div>
      <p className="soft small">{t.help}</p>
      <Checkbox
        label={t.window}
        checked={window !== undefined}
        onChange={(event) => (event.currentTarget.checked ? setWindow({}) : set({ windows: [] }))}
      />
      {window !== undefined && (
        <div className="form-grid">
          <TextInput
            type="time"
            label={t.from}
            value={window.from}
            onChange={(event) => setWindow({ from: event.currentTarget.value })}
          />
          <TextInput
            type="time"
            label={t.to}
            value={window.to}
            onChange={(event) => setWindow({ to: event.currentTarget.value })}
          />
          <TextInput
            label={t.timeZone}
            value={window.timeZone ?? 'UTC'}
            onChange={(event) => setWindow({ timeZone: event.currentTarget.value })}
            spellCheck={false}
          />
        </div>
      )}
      <Checkbox
        label={t.mayRaise}
        description={t.mayRaiseHelp}
        checked={policy.mayRaiseBinlogRetention ?? false}
        onChange={(event) => set({ mayRaiseBinlogRetention: event.currentTarget.checked })}
      />
    </div>
  );
}

const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

function Limit(props: {
  readonly label: string;
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}) {
  const none = useMessages().paceForm.none;
  return (
    <NumberInput
      label={props.label}
      placeholder={none}
      min={1}
      allowDecimal={false}
      value={props.value ?? ''}
      onChange={(value) => props.onChange(typeof value === 'number' ? value : null)}
    />
  );
}
