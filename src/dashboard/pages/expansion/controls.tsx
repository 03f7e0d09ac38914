import { Button } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { controlProblem } from '../../../core/steps/controls.ts';
import type { ControlVerb } from '../../../model/expansion.ts';
import type { ExpansionSummary, JoinSummary } from '../../../model/views/expansion.ts';
import { useControl, useMay, useSession } from '../../api/queries.ts';
import { Icon, type IconName } from '../../components/icon.tsx';
import { useAnnounce } from '../../components/parts.tsx';
import { ReasonDialog } from '../../components/reason-dialog.tsx';
import { useMessages, useReader } from '../../i18n.tsx';

interface Asked {
  readonly verb: ControlVerb;
  readonly node: string | null;
}

interface Controls {
  readonly expansion: ExpansionSummary;
  readonly may: { readonly steer: boolean; readonly approve: boolean };
  readonly ask: (asked: Asked) => void;
}

const ControlsContext = createContext<Controls | null>(null);

function useControls(): Controls {
  const controls = useContext(ControlsContext);
  if (controls === null) throw new Error('controls are used outside of an expansion');
  return controls;
}

/** Holds the dialog through which every control of an expansion goes, with its reason. */
export function ControlsProvider({
  expansion,
  children,
}: {
  readonly expansion: ExpansionSummary;
  readonly children: ReactNode;
}) {
  const t = useMessages().controls;
  const steer = useMay('steer');
  const approve = useMay('approve');
  const control = useControl(expansion.id);
  const say = useAnnounce();
  const [asked, setAsked] = useState<Asked | null>(null);
  const ask = useCallback((next: Asked) => setAsked(next), []);
  const controls = useMemo(
    () => ({ expansion, may: { steer, approve }, ask }),
    [expansion, steer, approve, ask],
  );

  const send = async (reason: string) => {
    if (asked === null) return;
    await control.mutateAsync({ ...asked, reason });
    say(t.accepted);
  };
  const words = asked === null ? null : wordsOf(t, asked);
  return (
    <ControlsContext value={controls}>
      {children}
      {asked !== null && words !== null && (
        <ReasonDialog
          {...words}
          confirm={t[asked.verb]}
          dangerous={asked.verb === 'cancel' || asked.verb === 'skip'}
          onClose={() => setAsked(null)}
          onConfirm={send}
        />
      )}
    </ControlsContext>
  );
}

function wordsOf(
  t: ReturnType<typeof useMessages>['controls'],
  { verb, node }: Asked,
): { readonly title: string; readonly text: string } {
  switch (verb) {
    case 'pause':
      return { title: t.pauseTitle, text: t.pauseText };
    case 'resume':
      return { title: t.resumeTitle, text: t.resumeText };
    case 'cancel':
      return { title: t.cancelTitle, text: t.cancelText };
    case 'approve':
      return { title: t.approveTitle, text: t.approveText };
    case 'retry':
      return { title: t.retryTitle(node ?? ''), text: t.retryText };
    case 'skip':
      return { title: t.skipTitle(node ?? ''), text: t.skipText };
  }
}

const icons: Readonly<Record<ControlVerb, IconName>> = {
  pause: 'pause',
  resume: 'play',
  cancel: 'ban',
  approve: 'check',
  retry: 'ring',
  skip: 'skip',
};

const wholeVerbs = ['approve', 'resume', 'pause', 'cancel'] as const;

/** The controls that fit the expansion's state; none for a viewer. */
export function ExpansionControls({
  only = wholeVerbs,
}: {
  readonly only?: readonly (typeof wholeVerbs)[number][];
}) {
  const t = useMessages().controls;
  const { expansion, may, ask } = useControls();
  const me = useSession().data?.name ?? null;
  const reader = useReader();
  const problemOf = (verb: ControlVerb) => controlProblem(expansion, verb, null, me);
  const verbs = only.filter(
    (verb) => may[verb === 'approve' ? 'approve' : 'steer'] && problemOf(verb) === null,
  );
  const approval = may.approve ? problemOf('approve') : null;
  const forOthers = approval?.code === 'needs_other_person' ? approval.read(reader).message : null;
  if (verbs.length === 0 && forOthers === null) return null;
  return (
    <fieldset className="row plain-fieldset">
      <legend className="visually-hidden">{t.group}</legend>
      {forOthers !== null && <span>{forOthers}</span>}
      {verbs.map((verb) => (
        <Button
          key={verb}
          size="sm"
          variant={verb === 'approve' || verb === 'resume' ? 'filled' : 'default'}
          leftSection={<Icon name={icons[verb]} />}
          onClick={() => ask({ verb, node: null })}
        >
          {t[verb]}
        </Button>
      ))}
    </fieldset>
  );
}

/** Retry and skip of one node, where they fit; none for a viewer. */
export function NodeControls({
  join,
  size = 'compact-xs',
  stress = false,
}: {
  readonly join: JoinSummary;
  readonly size?: 'compact-xs' | 'sm';
  /** Whether the retry is what one probably came for. */
  readonly stress?: boolean;
}) {
  const t = useMessages().controls;
  const { expansion, may, ask } = useControls();
  if (!may.steer) return null;
  const node = join.target.name;
  const verbs = (['retry', 'skip'] as const).filter((verb) => controlProblem(expansion, verb, node) === null);
  return (
    <span className="row tight nowrap">
      {verbs.map((verb) => (
        <Button
          key={verb}
          size={size}
          variant={stress && verb === 'retry' ? 'filled' : 'default'}
          aria-label={verb === 'retry' ? t.retryNode(node) : t.skipNode(node)}
          onClick={() => ask({ verb, node })}
        >
          {t[verb]}
        </Button>
      ))}
    </span>
  );
}
