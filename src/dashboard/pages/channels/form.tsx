import { Button, Checkbox, Group, Modal, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type ChannelKind, channelKinds, type Topic, topics, topicTexts } from '../../../model/channel.ts';
import { type Language, languages } from '../../../model/text.ts';
import type { ChannelView } from '../../../model/views/channel.ts';
import { changeChannel, createChannel, keys } from '../../api/queries.ts';
import { ErrorNotice, Notice, Panel } from '../../components/parts.tsx';
import { useFocusBack } from '../../components/reason-dialog.tsx';
import { useMessages, useReader } from '../../i18n.tsx';
import { type ChannelForm, changes, creation, formOf, newForm, withSecret } from './form-model.ts';

/** Makes a channel, and shows its secret this once. */
export function CreateChannel() {
  const { channels: t } = useMessages();
  const client = useQueryClient();
  const { language } = useReader();
  const [form, setForm] = useState(() => newForm(language));
  const making = useMutation({
    mutationFn: () => createChannel(creation(form)),
    onSuccess: async () => {
      setForm(newForm(language));
      await client.invalidateQueries({ queryKey: keys.channels });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  const { data: made } = making;
  return (
    <Panel title={t.create}>
      <form className="stack" onSubmit={submit} noValidate>
        <Fields form={form} setForm={setForm} />
        {making.isError && <ErrorNotice error={making.error} />}
        <div className="row">
          <Button type="submit" size="xs" loading={making.isPending}>
            {t.create}
          </Button>
        </div>
      </form>
      {made != null && made.secret !== null && (
        <Notice tone="warn" title={made.name}>
          <p>{t.newSecret}</p>
          <p className="mono break" data-testid="new-secret">
            {made.secret}
          </p>
        </Notice>
      )}
    </Panel>
  );
}

/** A button that opens the settings of a channel. */
export function ChangeChannel({ channel }: { readonly channel: ChannelView }) {
  const { channels: t } = useMessages();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${t.change}: ${channel.name}`}
        onClick={() => setAsked(true)}
      >
        {t.change}
      </Button>
      {asked && <ChangeDialog channel={channel} onClose={() => setAsked(false)} />}
    </>
  );
}

function ChangeDialog(props: { readonly channel: ChannelView; readonly onClose: () => void }) {
  const { onClose } = props;
  const { channels: t, common, error } = useMessages();
  const client = useQueryClient();
  // As it was when the dialog opened: what others change meanwhile is not sent back.
  const [channel] = useState(props.channel);
  const [form, setForm] = useState(() => formOf(channel));
  useFocusBack();
  const saving = useMutation({
    mutationFn: async () => {
      const body = changes(channel, form);
      if (body !== null) await changeChannel(channel.id, body);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.channels });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.changeTitle(channel.name)}
      size="lg"
      centered
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': common.close }}
    >
      <form className="stack" onSubmit={submit} noValidate>
        <Fields form={form} setForm={setForm} channel={channel} />
        {saving.isError && <ErrorNotice error={saving.error} title={error.controlRefused} />}
        <div className="row end">
          <Button variant="default" onClick={onClose}>
            {common.dismiss}
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {t.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

type TextField = 'name' | 'url' | 'secret' | 'user' | 'from' | 'to' | 'masters' | 'timeZone';

function Fields({
  form,
  setForm,
  channel,
}: {
  readonly form: ChannelForm;
  readonly setForm: (change: (form: ChannelForm) => ChannelForm) => void;
  /** Absent = it is to be made. */
  readonly channel?: ChannelView;
}) {
  const { channels: t } = useMessages();
  const { kind, language, repeatMinutes, isQuiet } = form;
  const isMail = kind === 'email';
  const change = (some: Partial<ChannelForm>) => setForm((now) => ({ ...now, ...some }));
  const input = (field: TextField, label: string, description?: string) => (
    <TextInput
      label={label}
      description={description}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      size="xs"
      type={field === 'secret' ? 'password' : 'text'}
      value={form[field]}
      onChange={({ currentTarget: { value } }) => change({ [field]: value })}
      spellCheck={false}
      autoComplete={field === 'secret' ? 'new-password' : 'off'}
    />
  );
  const time = (field: 'quietFrom' | 'quietTo', label: string) => (
    <TextInput
      label={label}
      size="xs"
      type="time"
      value={form[field]}
      onChange={({ currentTarget: { value } }) => change({ [field]: value })}
    />
  );
  const secretStays = channel?.hasSecret ? (isMail ? t.passwordStays : t.secretStays) : undefined;
  return (
    <>
      <div className="form-grid">
        {input('name', t.name)}
        {channel === undefined && (
          <NativeSelect
            label={t.kind}
            size="xs"
            value={kind}
            onChange={({ currentTarget: { value } }) => change({ kind: value as ChannelKind })}
            data={channelKinds.map((each) => ({ value: each, label: t.kinds[each] }))}
          />
        )}
        <NativeSelect
          label={t.language}
          size="xs"
          value={language}
          onChange={({ currentTarget: { value } }) => change({ language: value as Language })}
          data={languages.map((each) => ({ value: each, label: t.languages[each] }))}
        />
      </div>
      {input('url', isMail ? t.mailServer : t.url, channel && t.stays(channel.url))}
      {isMail && (
        <div className="form-grid">
          {input('user', t.user)}
          {input('from', t.from)}
          {input('to', t.to)}
        </div>
      )}
      {withSecret.includes(kind) && input('secret', isMail ? t.password : t.secret, secretStays)}
      <Topics
        label={t.topics}
        help={t.topicsHelp}
        value={form.topics}
        onChange={(value) => change({ topics: value })}
      />
      <div className="form-grid">
        {input('masters', t.masters, t.mastersHelp)}
        <NumberInput
          label={t.repeat}
          description={t.repeatHelp}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          size="xs"
          min={5}
          max={1440}
          allowDecimal={false}
          value={repeatMinutes ?? ''}
          onChange={(value) => change({ repeatMinutes: typeof value === 'number' ? value : null })}
        />
      </div>
      <Checkbox
        size="xs"
        label={t.hasQuiet}
        checked={isQuiet}
        onChange={({ currentTarget: { checked } }) => change({ isQuiet: checked })}
      />
      {isQuiet && (
        <>
          <div className="form-grid">
            {time('quietFrom', t.quietFrom)}
            {time('quietTo', t.quietTo)}
            {input('timeZone', t.timeZone)}
          </div>
          <Topics
            label={t.breakThrough}
            value={form.breakThrough}
            onChange={(value) => change({ breakThrough: value })}
          />
        </>
      )}
    </>
  );
}

function Topics(props: {
  readonly label: string;
  readonly help?: string;
  readonly value: readonly Topic[];
  readonly onChange: (value: readonly Topic[]) => void;
}) {
  const reader = useReader();
  return (
    <Checkbox.Group
      size="xs"
      label={props.label}
      description={props.help}
      value={[...props.value]}
      onChange={(value) => props.onChange(topics.filter((topic) => value.includes(topic)))}
    >
      <Group gap="sm" mt={6}>
        {topics.map((topic) => (
          <Checkbox
            key={topic}
            size="xs"
            value={topic}
            label={topicTexts[topic][reader.language]({}, reader)}
          />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
