import { NumberInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { StoredReplacement } from '../../model/views/replacement.ts';
import { startReplacement, useReplacements } from '../api/queries.ts';
import { ListPage } from '../components/list-page.tsx';
import { useNow } from '../components/parts.tsx';
import { StartDialog } from '../components/start-dialog.tsx';
import { Badge } from '../components/status.tsx';
import { formatMoment } from '../format.ts';
import { useMessages } from '../i18n.tsx';
import { Link, useRouter } from '../router.tsx';

type State = StoredReplacement['state'];
const tones: Readonly<Record<State, 'info' | 'warn' | 'good' | 'bad' | 'plain'>> = {
  running: 'info',
  held: 'warn',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'plain',
};

export function ReplacementStateBadge({ state }: { readonly state: State }) {
  return <Badge tone={tones[state]}>{useMessages().replacements.states[state]}</Badge>;
}

export default function ReplacementsPage() {
  const r = useMessages().replacements;
  return (
    <ListPage
      startedBy="replace"
      texts={r}
      dialog={(onClose) => <StartReplacement onClose={onClose} />}
      list={useReplacements()}
      columns={[r.since, r.master, r.label, r.state, r.out]}
      row={(replacement) => <ReplacementRow key={replacement.id} replacement={replacement} />}
    />
  );
}

function ReplacementRow({ replacement }: { readonly replacement: StoredReplacement }) {
  const now = useNow();
  const { id, createdAt, master, label, state, pairs } = replacement;
  return (
    <tr>
      <td className="num nowrap">
        <Link to={{ page: 'replacement', id }}>{formatMoment(createdAt, now)}</Link>
      </td>
      <td className="mono">{master.name}</td>
      <td>{label ?? '–'}</td>
      <td>
        <ReplacementStateBadge state={state} />
      </td>
      <td className="num">
        {pairs.filter(({ phase }) => phase === 'done').length} / {pairs.length}
      </td>
    </tr>
  );
}

/** `old=new` or `old`, one a line. */
function bodyOf(text: string) {
  const rows = text
    .split('\n')
    .map((line) => line.split('=').map((part) => part.trim()))
    .filter(([old]) => old !== '');
  const replace = rows.flatMap(([old, node]) => (node ? [{ old, new: node }] : []));
  const takeOut = rows.flatMap(([old, node]) => (node ? [] : [old]));
  return {
    ...(replace.length > 0 ? { replace } : {}),
    ...(takeOut.length > 0 ? { takeOut } : {}),
  };
}

function StartReplacement({ onClose }: { readonly onClose: () => void }) {
  const r = useMessages().replacements;
  const { go } = useRouter();
  const [master, setMaster] = useState('');
  const [pairs, setPairs] = useState('');
  const [keepVerified, setKeep] = useState(1);
  const [reason, setReason] = useState('');
  const missing = (value: string, checked: boolean) => checked && value.trim() === '';
  return (
    <StartDialog
      texts={{ title: r.start, text: r.startText, submit: r.submit }}
      isComplete={[master, pairs, reason].every((value) => value.trim() !== '')}
      start={() =>
        startReplacement({ master: master.trim(), reason: reason.trim(), keepVerified, ...bodyOf(pairs) })
      }
      onStarted={({ id }) => go({ page: 'replacement', id })}
      onClose={onClose}
      fields={(checked) => (
        <>
          <TextInput
            data-autofocus
            label={r.master}
            className="mono-input"
            value={master}
            onChange={(event) => setMaster(event.currentTarget.value)}
            error={missing(master, checked)}
            spellCheck={false}
          />
          <Textarea
            label={r.pairs}
            description={r.pairsHelp}
            className="mono-input"
            rows={4}
            value={pairs}
            onChange={(event) => setPairs(event.currentTarget.value)}
            error={missing(pairs, checked)}
            spellCheck={false}
          />
          <NumberInput
            label={r.keep}
            min={0}
            value={keepVerified}
            onChange={(value) => setKeep(Number(value) || 0)}
          />
          <TextInput
            label={r.reason}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={missing(reason, checked)}
          />
        </>
      )}
    />
  );
}
