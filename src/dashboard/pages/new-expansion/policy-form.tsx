import { Button, Checkbox, Group, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { type Values, withValueAt } from '../../../model/fields.ts';
import { type PolicyInput, policyFields, policySections } from '../../../model/policy.ts';
import { useLanguage, useMessages } from '../../i18n.tsx';
import { type Control, formOf, type Section } from './form-model.ts';

interface Props {
  readonly policy: PolicyInput;
  readonly onChange: (policy: PolicyInput) => void;
}

type Change = (path: readonly string[], value: unknown) => void;

/** The policy, a control for each of its fields; what is left empty has the service's default. */
export function PolicyForm({ policy, onChange }: Props) {
  const { language } = useLanguage();
  const [first, ...more] = formOf(policyFields, policySections, policy as Values, language);
  const change: Change = (path, value) => onChange(withValueAt(policy as Values, path, value) as PolicyInput);
  return (
    <div className="stack">
      <Controls controls={first!.controls} onChange={change} />
      {more.map((section) => (
        <FurtherSection key={section.id} section={section} onChange={change} />
      ))}
    </div>
  );
}

function FurtherSection({ section, onChange }: { readonly section: Section; readonly onChange: Change }) {
  return (
    <details>
      <summary>{section.title}</summary>
      <Controls controls={section.controls} onChange={onChange} />
    </details>
  );
}

function Controls({
  controls,
  onChange,
}: {
  readonly controls: readonly Control[];
  readonly onChange: Change;
}) {
  const isWide = ({ input: { kind } }: Control) => kind === 'yes_no' || kind === 'list' || kind === 'choices';
  return (
    <div className="stack">
      <div className="form-grid">
        {controls
          .filter((control) => !isWide(control))
          .map((control) => (
            <Field key={control.path.join('.')} control={control} onChange={onChange} />
          ))}
      </div>
      {controls.filter(isWide).map((control) => (
        <Field key={control.path.join('.')} control={control} onChange={onChange} />
      ))}
    </div>
  );
}

function Field({
  control: { path, label, help, input },
  onChange,
}: {
  readonly control: Control;
  readonly onChange: Change;
}) {
  const set = (value: unknown) => onChange(path, value);
  const shown = {
    label,
    description: help,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as (
      | 'label'
      | 'input'
      | 'description'
      | 'error'
    )[],
  };
  switch (input.kind) {
    case 'number':
      return (
        <NumberInput
          {...shown}
          placeholder={input.placeholder}
          {...(input.min === undefined ? {} : { min: input.min })}
          {...(input.max === undefined ? {} : { max: input.max })}
          allowDecimal={input.decimals}
          value={input.value ?? ''}
          onChange={(value) => set(typeof value === 'number' ? input.stored(value) : undefined)}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          {...shown}
          value={input.value}
          onChange={({ currentTarget: { value } }) => set(value === input.fallback ? undefined : value)}
          data={[...input.choices]}
        />
      );
    case 'yes_no':
      return (
        <Checkbox
          label={label}
          description={help}
          checked={input.value}
          onChange={({ currentTarget: { checked } }) => set(checked === input.fallback ? undefined : checked)}
        />
      );
    case 'choices':
      return (
        <Checkbox.Group
          label={label}
          description={help}
          value={[...input.value]}
          onChange={(value) => set(value.length === 0 ? undefined : value)}
        >
          <Group gap="md" mt={6}>
            {input.choices.map((choice) => (
              <Checkbox key={choice.value} value={choice.value} label={choice.label} />
            ))}
          </Group>
        </Checkbox.Group>
      );
    case 'text':
      return (
        <TextInput
          {...shown}
          type={input.isTime ? 'time' : 'text'}
          placeholder={input.placeholder}
          maxLength={input.maxLength}
          value={input.value}
          onChange={({ currentTarget: { value } }) => set(value === '' ? undefined : value)}
          spellCheck={false}
        />
      );
    case 'list':
      return <Entries label={label} help={help} input={input} onChange={set} />;
  }
}

function Entries({
  label,
  help,
  input,
  onChange,
}: {
  readonly label: string;
  readonly help: string;
  readonly input: Extract<Control['input'], { readonly kind: 'list' }>;
  readonly onChange: (entries: readonly Values[] | undefined) => void;
}) {
  const t = useMessages().newExpansion;
  const replace = (index: number, ...entries: readonly Values[]) => {
    const next = input.values.toSpliced(index, 1, ...entries);
    onChange(next.length === 0 ? undefined : next);
  };
  return (
    <fieldset className="plain-fieldset stack">
      <legend>{label}</legend>
      <p className="soft small">{help}</p>
      {input.entries.map((controls, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have nothing else to be told apart by
        <div key={index} className="stack">
          <Controls
            controls={controls}
            onChange={(path, value) => replace(index, withValueAt(input.values[index]!, path, value))}
          />
          <div className="row">
            <Button size="xs" variant="default" onClick={() => replace(index)}>
              {t.removeEntry(index + 1)}
            </Button>
          </div>
        </div>
      ))}
      {input.mayAdd && (
        <div className="row">
          <Button size="xs" variant="default" onClick={() => onChange([...input.values, input.entry])}>
            {t.addEntry(label)}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
