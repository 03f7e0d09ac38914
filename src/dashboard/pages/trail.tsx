import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { TrailEntry } from '../../model/views/trail.ts';
import { useTrail } from '../api/queries.ts';
import { Icon } from '../components/icon.tsx';
import { ListPanel } from '../components/list-panel.tsx';
import { PageTitle, Panel, useNow } from '../components/parts.tsx';
import { Badge } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useMessages } from '../i18n.tsx';

const fields = ['who', 'act', 'object'] as const;
const waitMs = 300;

/** Who asked the service for what: a list with filters, and each entry in full. */
export default function TrailPage() {
  const { trail: t, common } = useMessages();
  const [typed, setTyped] = useState({ who: '', act: '', object: '', since: '' });
  const [filter] = useDebouncedValue(typed, waitMs);
  const [open, setOpen] = useState<TrailEntry | null>(null);
  const list = useTrail(filter);
  const change = (name: keyof typeof typed, value: string) => setTyped((now) => ({ ...now, [name]: value }));
  return (
    <div className="main">
      <div className="stack tight">
        <PageTitle title={t.title}>{t.title}</PageTitle>
        <p className="soft">{t.intro}</p>
      </div>
      <search className="row" aria-label={t.filters}>
        {fields.map((name) => (
          <TextInput
            key={name}
            label={t[name]}
            size="xs"
            value={typed[name]}
            onChange={(event) => change(name, event.currentTarget.value)}
            spellCheck={false}
          />
        ))}
        <TextInput
          label={t.since}
          size="xs"
          type="datetime-local"
          value={typed.since}
          onChange={(event) => change('since', event.currentTarget.value)}
        />
      </search>
      {open && (
        <Panel
          title={t.entry(open.seq)}
          tools={
            <button
              type="button"
              className="tool-button"
              aria-label={common.close}
              onClick={() => setOpen(null)}
            >
              <Icon name="cross" />
            </button>
          }
        >
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
          <pre className="json" tabIndex={0} aria-live="polite">
            {JSON.stringify(open, null, 2)}
          </pre>
        </Panel>
      )}
      <ListPanel
        list={list}
        label={t.title}
        columns={[t.number, t.time, t.who, t.from, t.act, t.object, t.outcome]}
        row={(entry) => <EntryRow key={entry.seq} entry={entry} onOpen={() => setOpen(entry)} />}
        none={
          <>
            <h2>{t.none}</h2>
            <p>{t.noneText}</p>
          </>
        }
      />
    </div>
  );
}

function EntryRow({ entry, onOpen }: { readonly entry: TrailEntry; readonly onOpen: () => void }) {
  const t = useMessages().trail;
  const now = useNow();
  const { seq, at, who, by, from, act, object, outcome, times } = entry;
  const name = who.name ?? (by.kind === 'service' ? t.service : t.nobody);
  return (
    <tr>
      <td className="num">
        <button type="button" className="link-button" aria-label={t.open(seq, act)} onClick={onOpen}>
          {seq}
        </button>
      </td>
      <td className="num nowrap">{formatMoment(at, now)}</td>
      <td>{name}</td>
      <td className="mono">{[from.address, from.via].filter((part) => part !== null).join(' ')}</td>
      <td className="mono">{act}</td>
      <td className="mono">{object ?? ''}</td>
      <td>
        <div className="row">
          <Badge tone={outcome.code === null ? 'plain' : 'warn'}>
            {outcome.code === null ? t.done : <code className="mono">{outcome.code}</code>}
          </Badge>
          {times > 1 && t.times(times)}
        </div>
      </td>
    </tr>
  );
}
