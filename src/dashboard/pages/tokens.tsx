import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Role, roles } from '../../model/access.ts';
import type { OpenSession } from '../../model/views/service.ts';
import type { NewToken, TokenView } from '../../model/views/token.ts';
import { createToken, keys, useMay, useSessions, useTokens } from '../api/queries.ts';
import { ListPanel } from '../components/list-panel.tsx';
import { ErrorNotice, Notice, PageTitle, Panel, useNow } from '../components/parts.tsx';
import { ReasonButton } from '../components/reason-button.tsx';
import { Badge } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useMessages } from '../i18n.tsx';

const dayMs = 86_400_000;
const lifetimes = [30, 90, 365] as const;

/** Tokens that were created, and the browsers that are signed in: for who may give tokens. */
export default function TokensPage() {
  const { tokens: t, app } = useMessages();
  const may = useMay('tokens');
  return (
    <div className="main">
      <div className="stack tight">
        <PageTitle title={t.title}>{t.title}</PageTitle>
        <p className="soft">{t.intro}</p>
      </div>
      {may ? <Lists /> : <p className="soft">{app.notPermitted}</p>}
    </div>
  );
}

function Lists() {
  const { tokens: t } = useMessages();
  const tokens = useTokens();
  const sessions = useSessions();
  return (
    <>
      <CreateToken />
      <ListPanel
        list={tokens}
        label={t.title}
        columns={[t.name, t.role, t.state, t.scope, t.created, t.ends, t.control]}
        row={(token) => <TokenRow key={token.id} token={token} />}
        none={
          <>
            <h2>{t.none}</h2>
            <p>{t.noneText}</p>
          </>
        }
      />
      <h2>{t.sessions}</h2>
      <ListPanel
        list={sessions}
        label={t.sessions}
        columns={[t.name, t.by, t.from, t.since, t.ends, t.control]}
        row={(session) => <SessionRow key={session.id} session={session} />}
        none={
          <>
            <h3>{t.noSessions}</h3>
            <p>{t.noSessionsText}</p>
          </>
        }
      />
    </>
  );
}

const listOf = (text: string): string[] => text.split(/[\s,]+/).filter((entry) => entry !== '');

function CreateToken() {
  const { tokens: t, app } = useMessages();
  const client = useQueryClient();
  const empty = { name: '', role: 'viewer' as Role, days: '90', masters: '', nodes: '' };
  const [form, setForm] = useState(empty);
  const [made, setMade] = useState<NewToken | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [sending, setSending] = useState(false);
  const change = (changes: Partial<typeof empty>) => setForm((now) => ({ ...now, ...changes }));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    setError(null);
    setMade(null);
    const { name, role, days } = form;
    const [masters, nodes] = [listOf(form.masters), listOf(form.nodes)];
    const scope = {
      ...(masters.length === 0 ? {} : { masters }),
      ...(nodes.length === 0 ? {} : { nodes }),
    };
    try {
      setMade(
        await createToken({
          name: name.trim(),
          role,
          ...(Object.keys(scope).length === 0 ? {} : { scope }),
          ...(days === '' ? {} : { expiresInMs: Number(days) * dayMs }),
        }),
      );
      setForm(empty);
      await client.invalidateQueries({ queryKey: keys.tokens });
    } catch (refusal) {
      setError(refusal);
    } finally {
      setSending(false);
    }
  };

  return (
    <Panel title={t.create}>
      <form className="stack" onSubmit={submit} noValidate>
        <div className="row">
          <TextInput
            label={t.name}
            size="xs"
            value={form.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
            spellCheck={false}
            autoComplete="off"
            required
          />
          <NativeSelect
            label={t.role}
            size="xs"
            value={form.role}
            onChange={(event) => change({ role: event.currentTarget.value as Role })}
            data={roles.map((role) => ({ value: role, label: app.roles[role] }))}
          />
          <NativeSelect
            label={t.expires}
            size="xs"
            value={form.days}
            onChange={(event) => change({ days: event.currentTarget.value })}
            data={[
              ...lifetimes.map((days) => ({ value: String(days), label: t.days(days) })),
              { value: '', label: t.never },
            ]}
          />
        </div>
        {(['masters', 'nodes'] as const).map((name) => (
          <TextInput
            key={name}
            label={t[name]}
            size="xs"
            value={form[name]}
            onChange={(event) => change({ [name]: event.currentTarget.value })}
            spellCheck={false}
          />
        ))}
        {error !== null && <ErrorNotice error={error} />}
        <div className="row">
          <Button type="submit" size="xs" loading={sending}>
            {t.create}
          </Button>
        </div>
      </form>
      {made !== null && <NewText key={made.id} token={made} />}
    </Panel>
  );
}

/** It is on no other page and in no other answer. */
function NewText({ token: { name, token } }: { readonly token: NewToken }) {
  const { tokens: t } = useMessages();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(token);
    setCopied(true);
  };
  return (
    <Notice tone="warn" title={name}>
      <p>{t.newText}</p>
      <p className="mono break" data-testid="new-token">
        {token}
      </p>
      {'clipboard' in navigator && (
        <Button size="compact-xs" variant="default" onClick={() => void copy().catch(() => undefined)}>
          {copied ? t.copied : t.copy}
        </Button>
      )}
    </Notice>
  );
}

function TokenRow({ token }: { readonly token: TokenView }) {
  const { tokens: t, app } = useMessages();
  const now = useNow();
  const { id, name, role, scope, state, createdAt, createdBy, expiresAt } = token;
  const bounds = [...(scope.masters ?? []), ...(scope.nodes ?? []), ...(scope.actions ?? [])];
  return (
    <tr>
      <td>{name}</td>
      <td>{app.roles[role]}</td>
      <td>
        <Badge tone={state === 'living' ? 'plain' : 'warn'}>{t[state]}</Badge>
      </td>
      <td className="mono break">{bounds.length === 0 ? t.everything : bounds.join(', ')}</td>
      <td>{t.createdBy(createdBy, formatMoment(createdAt, now))}</td>
      <td className="num">{expiresAt === null ? t.never : formatMoment(expiresAt, now)}</td>
      <td>
        {state === 'living' && (
          <ReasonButton
            label={t.revoke}
            about={name}
            title={t.revokeTitle(name)}
            text={t.revokeText}
            path={`/v1/tokens/${encodeURIComponent(id)}`}
            method="DELETE"
            changes={keys.tokens}
            small
          />
        )}
      </td>
    </tr>
  );
}

function SessionRow({ session }: { readonly session: OpenSession }) {
  const { tokens: t } = useMessages();
  const now = useNow();
  const { id, name, by, groups, address, createdAt, until } = session;
  const whence = by === 'token' ? t.byToken : [t.byPerson, ...groups].join(', ');
  return (
    <tr>
      <td>{name}</td>
      <td>{whence}</td>
      <td className="mono">{address}</td>
      <td className="num">{formatMoment(createdAt, now)}</td>
      <td className="num">{formatMoment(until, now)}</td>
      <td>
        <ReasonButton
          label={t.end}
          about={name}
          title={t.endTitle(name)}
          text={t.endText}
          path={`/v1/sessions/${encodeURIComponent(id)}`}
          method="DELETE"
          changes={keys.sessions}
          small
        />
      </td>
    </tr>
  );
}
