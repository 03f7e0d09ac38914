import { Checkbox, NativeSelect, NumberInput } from '@mantine/core';
import { defaultPolicy, mostSampledPerType, type PolicyInput } from '../../../model/policy.ts';
import { useMessages } from '../../i18n/index.tsx';
import { PaceForm } from './pace-form.tsx';

interface Props {
  readonly policy: PolicyInput;
  readonly onChange: (policy: PolicyInput) => void;
}

const seconds = (milliseconds: number): number => milliseconds / 1000;

/** The policy, with the service's defaults where nothing was chosen. */
export function PolicyForm({ policy, onChange }: Props) {
  const messages = useMessages();
  const t = messages.newExpansion;
  const set = (change: PolicyInput) => onChange({ ...policy, ...change });
  const setVerify = (change: PolicyInput['verify']) =>
    onChange({ ...policy, verify: { ...policy.verify, ...change } });
  const depth = policy.verify?.depth ?? defaultPolicy.verify.depth;

  return (
    <div className="stack">
      <div className="form-grid">
        <NumberInput
          label={t.batchSize}
          description={t.batchSizeHelp}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          placeholder="auto"
          min={1}
          max={256}
          allowDecimal={false}
          value={typeof policy.batchSize === 'number' ? policy.batchSize : ''}
          onChange={(value) => set({ batchSize: typeof value === 'number' ? value : 'auto' })}
        />
        <NativeSelect
          label={t.approval}
          value={policy.approval ?? defaultPolicy.approval}
          onChange={(event) => set({ approval: event.currentTarget.value as 'none' | 'each_batch' })}
          data={[
            { value: 'none', label: t.approvalNone },
            { value: 'each_batch', label: t.approvalEach },
          ]}
        />
        <NativeSelect
          label={t.onFailure}
          value={policy.onFailure ?? defaultPolicy.onFailure}
          onChange={(event) => set({ onFailure: event.currentTarget.value as 'halt' | 'skip' | 'rollback' })}
          data={[
            { value: 'halt', label: t.onFailureHalt },
            { value: 'skip', label: t.onFailureSkip },
            { value: 'rollback', label: t.onFailureRollback },
          ]}
        />
        <NativeSelect
          label={t.verifyDepth}
          value={depth}
          onChange={(event) =>
            setVerify({ depth: event.currentTarget.value as 'counts' | 'sample' | 'full' })
          }
          data={[
            { value: 'sample', label: t.verifySample },
            { value: 'full', label: t.verifyFull },
            { value: 'counts', label: t.verifyCounts },
          ]}
        />
      </div>
      <details>
        <summary>{t.moreSettings}</summary>
        <div className="form-grid">
          <Amount
            label={t.maxAttempts}
            value={policy.maxAttempts ?? defaultPolicy.maxAttempts}
            min={1}
            max={20}
            onChange={(maxAttempts) => set({ maxAttempts })}
          />
          <Amount
            label={t.pauseBetween}
            value={seconds(policy.pauseBetweenBatchesMs ?? defaultPolicy.pauseBetweenBatchesMs)}
            min={0}
            max={604_800}
            onChange={(value) => set({ pauseBetweenBatchesMs: value * 1000 })}
          />
          <Amount
            label={t.stallTimeout}
            value={seconds(policy.stallTimeoutMs ?? defaultPolicy.stallTimeoutMs)}
            min={1}
            max={86_400}
            onChange={(value) => set({ stallTimeoutMs: value * 1000 })}
          />
          <Amount
            label={t.nodeDownTimeout}
            value={seconds(policy.nodeDownTimeoutMs ?? defaultPolicy.nodeDownTimeoutMs)}
            min={1}
            max={86_400}
            onChange={(value) => set({ nodeDownTimeoutMs: value * 1000 })}
          />
          <Amount
            label={t.masterBusyTimeout}
            value={seconds(policy.masterBusyTimeoutMs ?? defaultPolicy.masterBusyTimeoutMs)}
            min={1}
            max={604_800}
            onChange={(value) => set({ masterBusyTimeoutMs: value * 1000 })}
          />
          {depth === 'sample' && (
            <Amount
              label={t.samplePerType}
              value={policy.verify?.samplePerType ?? defaultPolicy.verify.samplePerType}
              min={1}
              max={mostSampledPerType}
              onChange={(samplePerType) => setVerify({ samplePerType })}
            />
          )}
        </div>
        <Checkbox
          mt={12}
          label={t.keyCounts}
          checked={policy.verify?.keyCounts ?? defaultPolicy.verify.keyCounts}
          onChange={(event) => setVerify({ keyCounts: event.currentTarget.checked })}
        />
      </details>
      <details>
        <summary>{messages.paceForm.title}</summary>
        <PaceForm policy={policy} onChange={onChange} />
      </details>
    </div>
  );
}

function Amount(props: {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <NumberInput
      label={props.label}
      min={props.min}
      max={props.max}
      allowDecimal={false}
      value={props.value}
      onChange={(value) => typeof value === 'number' && props.onChange(value)}
    />
  );
}
