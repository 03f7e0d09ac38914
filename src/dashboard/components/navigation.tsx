import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { Action } from '../../model/access.ts';
import { useSession } from '../api/queries.ts';
import { useMessages } from '../i18n.tsx';
import { Link, type Route, useRouter } from '../router.tsx';

/** A page that stands in the navigation. */
interface Entry {
  readonly to: Extract<Route, { readonly page: NamedPage }>;
  readonly title: string;
  /** Pages that belong to it: its entry is marked on them too. */
  readonly pages: readonly Route['page'][];
  /** Shown to those who may do this; absent = to everybody. */
  readonly needs?: Action;
}

type NamedPage = Exclude<
  Route['page'],
  'expansion' | 'retry' | 'node' | 'campaign' | 'audit' | 'replacement' | 'guard' | 'comparison' | 'rehearsal'
>;

interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

function useGroups(): readonly Group[] {
  const t = useMessages();
  return [
    {
      title: t.app.groups.change,
      entries: [
        { to: { page: 'new' }, title: t.app.newExpansion, pages: ['new'], needs: 'expand' },
        {
          to: { page: 'campaigns' },
          title: t.campaigns.title,
          pages: ['campaigns', 'campaign', 'new-campaign'],
        },
        { to: { page: 'replacements' }, title: t.replacements.title, pages: ['replacements', 'replacement'] },
        { to: { page: 'rehearsals' }, title: t.app.rehearsals, pages: ['rehearsals', 'rehearsal'] },
      ],
    },
    {
      title: t.app.groups.check,
      entries: [
        { to: { page: 'audits' }, title: t.audits.title, pages: ['audits', 'audit'] },
        { to: { page: 'guards' }, title: t.guards.title, pages: ['guards', 'guard'] },
        { to: { page: 'comparisons' }, title: t.app.comparisons, pages: ['comparisons', 'comparison'] },
        { to: { page: 'knowledge' }, title: t.knowledge.title, pages: ['knowledge'] },
      ],
    },
    {
      title: t.app.groups.service,
      entries: [
        { to: { page: 'agents' }, title: t.agents.title, pages: ['agents'] },
        { to: { page: 'channels' }, title: t.channels.title, pages: ['channels'] },
        { to: { page: 'trail' }, title: t.trail.title, pages: ['trail'], needs: 'trail' },
        { to: { page: 'tokens' }, title: t.tokens.title, pages: ['tokens'], needs: 'tokens' },
      ],
    },
  ];
}

/** The links of the header: the overview, and the other pages in groups that open. */
export function Navigation({ shown }: { readonly shown: boolean }) {
  const t = useMessages();
  const { route } = useRouter();
  const may = useSession().data?.may ?? [];
  const [open, setOpen] = useState<number | null>(null);
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open === null) return;
    const away = (event: Event) => {
      if (!bar.current?.contains(event.target as Node)) setOpen(null);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  }, [open]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes what is open
  useEffect(() => setOpen(null), [route]);
  const groups = useGroups();
  return (
    <nav className="nav" aria-label={t.app.mainNavigation} ref={bar}>
      {shown && (
        <>
          <Link
            to={{ page: 'overview' }}
            current={['overview', 'expansion', 'node', 'retry'].includes(route.page)}
          >
            {t.app.overview}
          </Link>
          {groups.map((group, index) => (
            <NavigationGroup
              key={group.title}
              id={`nav-${index}`}
              title={group.title}
              entries={group.entries.filter(({ needs }) => needs === undefined || may.includes(needs))}
              isOpen={open === index}
              onOpen={(opens) => setOpen(opens ? index : null)}
            />
          ))}
        </>
      )}
    </nav>
  );
}

function NavigationGroup({
  id,
  title,
  entries,
  isOpen,
  onOpen,
}: {
  readonly id: string;
  readonly title: string;
  readonly entries: readonly Entry[];
  readonly isOpen: boolean;
  readonly onOpen: (opens: boolean) => void;
}) {
  const { route } = useRouter();
  const button = useRef<HTMLButtonElement>(null);
  const current = entries.find(({ pages }) => pages.includes(route.page));
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen) return;
    onOpen(false);
    button.current?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the button and the links in it
    <div className="nav-group" onKeyDown={onKey}>
      <button
        ref={button}
        type="button"
        className={current ? 'current' : ''}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => onOpen(!isOpen)}
      >
        {title}
        {current && <span className="nav-current">{current.title}</span>}
        <i className="nav-arrow" aria-hidden="true" />
      </button>
      <ul id={id} className="plain nav-entries" hidden={!isOpen}>
        {entries.map((entry) => (
          <li key={entry.title}>
            <Link to={entry.to} current={entry === current}>
              {entry.title}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
