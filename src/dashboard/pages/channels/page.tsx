import { Button } from '@mantine/core';
import { useState } from 'react';
import { topicTexts } from '../../../model/channel.ts';
import type { ChannelView, IncidentView } from '../../../model/views/channel.ts';
import { keys, testChannel, useChannels, useIncidents, useMay } from '../../api/queries.ts';
import { AcknowledgeButton } from '../../components/acknowledge-button.tsx';
import { ListPanel } from '../../components/list-panel.tsx';
import { PageTitle, Said, useNow } from '../../components/parts.tsx';
import { ReasonButton } from '../../components/reason-button.tsx';
import { Badge } from '../../components/status.tsx';
import { formatMoment } from '../../format.ts';
import { useMessages, useReader } from '../../i18n.tsx';
import { ChangeChannel, CreateChannel } from './form.tsx';

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
  const { title, problems, moreProblems, openedAt, acknowledged } = incident;
  const more = Math.max(0, problems.length - shownProblems) + moreProblems;
  return (
    <tr>
      <td>{title}</td>
      <td>
        <ul className="plain">
          {problems.slice(0, shownProblems).map((problem) => (
            <li key={`${problem.topic} ${problem.node} ${problem.text}`} className="break">
              <Said>{problem.text}</Said>
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
        <AcknowledgeButton incident={incident} />
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
            <ChangeChannel channel={channel} />
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
