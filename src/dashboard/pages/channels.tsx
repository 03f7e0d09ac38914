import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type ChannelKind, channelKinds } from '../../model/channel.ts';
import { topicTexts } from '../../model/incident.ts';
import { type Language, languages } from '../../model/text.ts';
import type { ChannelView, IncidentView, NewChannel } from '../../model/views/channel.ts';
import { createChannel, keys, testChannel, useChannels, useIncidents, useMay } from '../api/queries.ts';
import { ListPanel } from '../components/list-panel.tsx';
import { ErrorNotice, Notice, PageTitle, Panel, useNow } from '../components/parts.tsx';
import { ReasonButton } from '../components/reason-button.tsx';
import { Badge } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useMessages, useReader } from '../i18n.tsx';

/** What needs a person now, and where people are told of it. */
export default function ChannelsPage() {
  const { channels: t } = useMessages();
  const incidents = useIncidents();
  const channels = useChannels();
  const mayChange = useMay('webhooks');
  return (
    <div className="main">
      <div className="stack tight">
        <PageTitle title={t.title}>{t.title}</PageTitle>
        <p className="soft">{t.intro}</p>
      </div>
      <h2>{t.incidents}</h2>
      <ListPanel
        list={incidents}
        label={t.incidents}
        columns={[t.about, t.problems, t.since, t.state, t.control]}
        row={(incident) => <IncidentRow key={incident.id} incident={incident} />}
        none={
          <>
            <h3>{t.noIncidents}</h3>
            <p>{t.noIncidentsText}</p>
          </>
        }
      />
      <h2>{t.title}</h2>
      <ListPanel
        list={channels}
        label={t.title}
        columns={[t.name, t.kind, t.goesTo, t.toldOf, t.quiet, t.last, t.control]}
        row={(channel) => <ChannelRow key={channel.id} channel={channel} />}
        none={
          <>
            <h3>{t.none}</h3>
            <p>{t.noneText}</p>
          </>
        }
      />
      {mayChange && <CreateChannel />}
    </div>
  );
}

/** More of them are counted. */
const shownProblems = 5;

function IncidentRow({ incident }: { readonly incident: IncidentView }) {
  const { channels: t } = useMessages();
  const now = useNow();
  const may = useMay('steer');
  const { id, title, problems, moreProblems, openedAt, acknowledged } = incident;
  const more = Math.max(0, problems.length - shownProblems) + moreProblems;
  return (
    <tr>
      <td>{title}</td>
      <td>
        <ul className="plain">
          {problems.slice(0, shownProblems).map((problem) => (
            <li key={`${problem.topic} ${problem.node} ${problem.text}`} className="break">
              {problem.text}
            </li>
          ))}
          {more > 0 && <li className="soft">{t.more(more)}</li>}
        </ul>
      </td>
      <td className="num">{formatMoment(openedAt, now)}</td>
      <td>
        <Badge tone={acknowledged === null ? 'warn' : 'plain'}>
          {acknowledged === null ? t.open : t.acknowledgedBy(acknowledged.by)}
        </Badge>
      </td>
      <td>
        {may && acknowledged === null && (
          <ReasonButton
            label={t.acknowledge}
            about={title}
            title={t.acknowledgeTitle(title)}
            text={t.acknowledgeText}
            path={`/v1/incidents/${encodeURIComponent(id)}/acknowledge`}
            changes={keys.incidents}
            small
          />
        )}
      </td>
    </tr>
  );
}

function ChannelRow({ channel }: { readonly channel: ChannelView }) {
  const { channels: t } = useMessages();
  const reader = useReader();
  const may = useMay('webhooks');
  const { id, name, kind, url, topics, masters, quiet } = channel;
  const only = [...topics.map((topic) => topicTexts[topic][reader.language]({}, reader)), ...masters];
  return (
    <tr>
      <td>{name}</td>
      <td>{t.kinds[kind]}</td>
      <td className="mono break">{url}</td>
      <td>{only.length === 0 ? t.everything : only.join(', ')}</td>
      <td>{quiet === null ? t.noQuiet : `${quiet.from}–${quiet.to} ${quiet.timeZone}`}</td>
      <td>
        <LastMessage channel={channel} />
      </td>
      <td>
        {may && (
          <div className="row">
            <TestButton id={id} name={name} />
            <ReasonButton
              label={t.remove}
              about={name}
              title={t.removeTitle(name)}
              text={t.removeText}
              path={`/v1/channels/${encodeURIComponent(id)}`}
              method="DELETE"
              changes={keys.channels}
              small
            />
          </div>
        )}
      </td>
    </tr>
  );
}

function LastMessage({ channel: { last } }: { readonly channel: ChannelView }) {
  const { channels: t } = useMessages();
  const now = useNow();
  if (last === null) return t.noMessage;
  if (last.state === 'delivered') return t.delivered(formatMoment(last.endedAt ?? last.createdAt, now));
  return (
    <>
      <Badge tone="warn">{t[last.state]}</Badge>
      {last.error !== null && <span className="soft break"> {last.error}</span>}
    </>
  );
}

function TestButton({ id, name }: { readonly id: string; readonly name: string }) {
  const { channels: t } = useMessages();
  const [sending, setSending] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const test = async () => {
    setSending(true);
    setSaid(null);
    const result = await testChannel(id).catch((error: Error) => ({
      delivered: false,
      error: error.message,
    }));
    setSaid(result.delivered ? t.tested : result.error);
    setSending(false);
  };
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${t.test}: ${name}`}
        loading={sending}
        onClick={() => void test()}
      >
        {t.test}
      </Button>
      <span role="status" className="small">
        {said}
      </span>
    </>
  );
}

const listOf = (text: string): string[] => text.split(/[\s,，]+/).filter((entry) => entry !== '');
const signing: readonly ChannelKind[] = ['dingtalk', 'feishu', 'email'];

function CreateChannel() {
  const { channels: t } = useMessages();
  const client = useQueryClient();
  const own = useReader().language;
  const empty = {
    name: '',
    kind: 'slack' as ChannelKind,
    url: '',
    secret: '',
    user: '',
    from: '',
    to: '',
    language: own,
  };
  const [form, setForm] = useState(empty);
  const [made, setMade] = useState<NewChannel | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [sending, setSending] = useState(false);
  const { name, kind, url, secret, user, from, to, language } = form;
  const isMail = kind === 'email';

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    setError(null);
    setMade(null);
    try {
      setMade(
        await createChannel({
          name: name.trim(),
          kind,
          url: url.trim(),
          language,
          ...(signing.includes(kind) && secret !== '' ? { secret } : {}),
          ...(isMail ? { from: from.trim(), to: listOf(to), ...(user === '' ? {} : { user }) } : {}),
        }),
      );
      setForm(empty);
      await client.invalidateQueries({ queryKey: keys.channels });
    } catch (refusal) {
      setError(refusal);
    } finally {
      setSending(false);
    }
  };

  const input = (field: 'name' | 'url' | 'secret' | 'user' | 'from' | 'to', label: string) => (
    <TextInput
      label={label}
      size="xs"
      type={field === 'secret' ? 'password' : 'text'}
      value={form[field]}
      onChange={({ currentTarget: { value } }) => setForm((now) => ({ ...now, [field]: value }))}
      spellCheck={false}
      autoComplete="off"
    />
  );
  return (
    <Panel title={t.create}>
      <form className="stack" onSubmit={submit} noValidate>
        <div className="row">
          {input('name', t.name)}
          <NativeSelect
            label={t.kind}
            size="xs"
            value={kind}
            onChange={({ currentTarget: { value } }) =>
              setForm((now) => ({ ...now, kind: value as ChannelKind }))
            }
            data={channelKinds.map((each) => ({ value: each, label: t.kinds[each] }))}
          />
          <NativeSelect
            label={t.language}
            size="xs"
            value={language}
            onChange={({ currentTarget: { value } }) =>
              setForm((now) => ({ ...now, language: value as Language }))
            }
            data={languages.map((each) => ({ value: each, label: t.languages[each] }))}
          />
        </div>
        {input('url', isMail ? t.mailServer : t.url)}
        {isMail && (
          <div className="row">
            {input('user', t.user)}
            {input('from', t.from)}
            {input('to', t.to)}
          </div>
        )}
        {signing.includes(kind) && input('secret', isMail ? t.password : t.secret)}
        <p className="soft small">{t.otherSettings}</p>
        {error !== null && <ErrorNotice error={error} />}
        <div className="row">
          <Button type="submit" size="xs" loading={sending}>
            {t.create}
          </Button>
        </div>
      </form>
      {made !== null && made.secret !== null && (
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
