import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { labels } from '../model/labels/index.ts';
import { languages } from '../model/text.ts';
import type { Session } from '../model/views/service.ts';
import { onUnauthorized } from './api/client.ts';
import { keys, signOut, useFreeze, useFreezeControl, useMay, useSession } from './api/queries.ts';
import { Icon } from './components/icon.tsx';
import { Navigation } from './components/navigation.tsx';
import { Age, ErrorNotice, Loading, PageTitle, Said } from './components/parts.tsx';
import { ReasonDialog } from './components/reason-dialog.tsx';
import { timeZoneName } from './format.ts';
import { useLanguage, useMessages } from './i18n.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { Link, type Route, useRouter } from './router.tsx';

const AgentsPage = lazy(() => import('./pages/agents.tsx'));
const TrailPage = lazy(() => import('./pages/trail.tsx'));
const TokensPage = lazy(() => import('./pages/tokens.tsx'));
const ChannelsPage = lazy(() => import('./pages/channels/page.tsx'));
const NewExpansionPage = lazy(() => import('./pages/new-expansion/page.tsx'));
const ExpansionPage = lazy(() => import('./pages/expansion/page.tsx'));
const RetryPage = lazy(() => import('./pages/expansion/retry.tsx'));
const NodePage = lazy(() => import('./pages/node/page.tsx'));
const CampaignsPage = lazy(() => import('./pages/campaigns/list.tsx'));
const NewCampaignPage = lazy(() => import('./pages/campaigns/new.tsx'));
const CampaignPage = lazy(() => import('./pages/campaigns/page.tsx'));
const AuditsPage = lazy(() => import('./pages/audits.tsx'));
const AuditPage = lazy(() => import('./pages/audit.tsx'));
const ReplacementsPage = lazy(() => import('./pages/replacements.tsx'));
const ReplacementPage = lazy(() => import('./pages/replacement.tsx'));
const GuardsPage = lazy(() => import('./pages/guards.tsx'));
const GuardPage = lazy(() => import('./pages/guard.tsx'));
const ComparisonsPage = lazy(() => import('./pages/comparisons.tsx'));
const KnowledgePage = lazy(() => import('./pages/knowledge.tsx'));
const RehearsalPage = lazy(() => import('./pages/rehearsal/page.tsx'));
const RehearsalsPage = lazy(() => import('./pages/rehearsal/start.tsx'));
const ComparisonPage = lazy(() => import('./pages/comparison.tsx'));

export function App() {
  const t = useMessages();
  const { language } = useLanguage();
  const client = useQueryClient();
  const session = useSession();
  const { route } = useRouter();
  useEffect(
    () =>
      onUnauthorized(() => {
        client.setQueryData<Session>(keys.session, (before) => ({
          role: null,
          may: [],
          name: null,
          authRequired: true,
          provider: before?.provider ?? null,
        }));
      }),
    [client],
  );
  const signedOut = session.data?.authRequired === true && session.data.role === null;
  const page: Route = signedOut ? { page: 'sign-in' } : route;

  return (
    <>
      <a className="skip-link" href="#content">
        {t.app.skipToContent}
      </a>
      <Header signedOut={signedOut} />
      {!signedOut && <FreezeBanner />}
      <main id="content" tabIndex={-1}>
        {session.isPending && <Loading />}
        {session.isError && (
          <div className="main narrow">
            <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
          </div>
        )}
        {session.data && (
          <Suspense fallback={<Loading />}>
            <Page route={page} />
          </Suspense>
        )}
      </main>
      <footer className="footer faint small">
        {t.app.timesIn(timeZoneName())} · <a href={`/runbook?language=${language}`}>{t.app.runbook}</a>
      </footer>
    </>
  );
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage />;
    case 'new':
      return <NewExpansionPage />;
    case 'expansion':
      return <ExpansionPage key={route.id} id={route.id} />;
    case 'retry':
      return <RetryPage key={route.id} id={route.id} />;
    case 'node':
      return <NodePage key={`${route.id} ${route.node}`} id={route.id} node={route.node} />;
    case 'campaigns':
      return <CampaignsPage />;
    case 'new-campaign':
      return <NewCampaignPage />;
    case 'campaign':
      return <CampaignPage key={route.id} id={route.id} />;
    case 'audits':
      return <AuditsPage />;
    case 'audit':
      return <AuditPage key={route.id} id={route.id} />;
    case 'replacements':
      return <ReplacementsPage />;
    case 'replacement':
      return <ReplacementPage key={route.id} id={route.id} />;
    case 'guards':
      return <GuardsPage />;
    case 'guard':
      return <GuardPage key={route.id} id={route.id} />;
    case 'comparisons':
      return <ComparisonsPage />;
    case 'comparison':
      return <ComparisonPage key={route.id} id={route.id} />;
    case 'agents':
      return <AgentsPage />;
    case 'trail':
      return <TrailPage />;
    case 'channels':
      return <ChannelsPage />;
    case 'tokens':
      return <TokensPage />;
    case 'knowledge':
      return <KnowledgePage />;
    case 'rehearsals':
      return <RehearsalsPage />;
    case 'rehearsal':
      return <RehearsalPage key={route.plan} plan={route.plan} />;
    case 'sign-in':
      return <SignInPage />;
    case 'not-found':
      return <NotFoundPage />;
  }
}

function NotFoundPage() {
  const t = useMessages();
  return (
    <div className="main narrow">
      <PageTitle title={t.app.notFoundTitle}>{t.app.notFoundTitle}</PageTitle>
      <p className="soft">{t.app.notFoundText}</p>
      <Link to={{ page: 'overview' }}>{t.app.toOverview}</Link>
    </div>
  );
}

function Header({ signedOut }: { readonly signedOut: boolean }) {
  const t = useMessages();
  return (
    <header className="header">
      <div className="header-in">
        <Link to={{ page: 'overview' }} className="brand">
          <img src="/mark.svg" alt="" width={26} height={26} />
          {t.app.name}
        </Link>
        <Navigation shown={!signedOut} />
        <div className="header-tools">
          <span className="zone" title={t.app.timesIn(timeZoneName())}>
            {timeZoneName()}
          </span>
          <FreezeTool />
          <LanguageTool />
          <SchemeTool />
          <Person />
        </div>
      </div>
    </header>
  );
}

function LanguageTool() {
  const t = useMessages();
  const { language, choose } = useLanguage();
  const other = languages[(languages.indexOf(language) + 1) % languages.length]!;
  return (
    <button
      type="button"
      className="tool-button"
      lang={labels[other].htmlLang}
      aria-label={`${t.app.language}: ${labels[other].languageName}`}
      onClick={() => choose(other)}
    >
      {labels[other].languageName}
    </button>
  );
}

function SchemeTool() {
  const t = useMessages();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const next = scheme === 'dark' ? 'light' : 'dark';
  const label = next === 'dark' ? t.app.schemeToDark : t.app.schemeToLight;
  return (
    <button
      type="button"
      className="tool-button"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(next)}
    >
      <Icon name={next === 'dark' ? 'moon' : 'sun'} />
    </button>
  );
}

function Person() {
  const t = useMessages();
  const client = useQueryClient();
  const session = useSession().data;
  if (!session?.role) return null;
  const role = t.app.roles[session.role];
  const leave = async () => {
    await signOut();
    client.clear();
    window.location.assign('/');
  };
  return (
    <>
      <span
        className="who"
        title={session.may.every((action) => action === 'read') ? t.app.viewerNote : undefined}
      >
        {session.name && !session.name.startsWith(session.role) ? t.app.signedInAs(session.name, role) : role}
      </span>
      {session.authRequired && (
        <button
          type="button"
          className="tool-button"
          aria-label={t.app.signOut}
          title={t.app.signOut}
          onClick={leave}
        >
          <Icon name="out" />
        </button>
      )}
    </>
  );
}

function FreezeTool() {
  const t = useMessages();
  const may = useMay('freeze');
  const freeze = useFreeze().data;
  const dialog = useFreezeDialog(true);
  if (!may || freeze === undefined || freeze.frozen) return null;
  return (
    <>
      <button
        type="button"
        className="tool-button outlined"
        aria-label={t.freeze.freeze}
        onClick={dialog.open}
      >
        <Icon name="snow" />
        <span className="wide-only">{t.freeze.freeze}</span>
        <span className="narrow-only">{t.freeze.short}</span>
      </button>
      {dialog.element}
    </>
  );
}

function FreezeBanner() {
  const t = useMessages();
  const may = useMay('freeze');
  const freeze = useFreeze().data;
  const dialog = useFreezeDialog(false);
  if (!freeze?.frozen) return null;
  return (
    <section className="strip info" aria-label={t.freeze.banner} data-testid="freeze-banner">
      <div className="strip-in">
        <Icon name="snow" />
        <span className="text">
          <strong>{t.freeze.banner}</strong>{' '}
          <span className="soft">
            <Said>{`“${freeze.reason}”`}</Said> {freeze.by !== null && t.common.by(freeze.by)}{' '}
            {freeze.since !== null && (
              <>
                · <Age since={freeze.since} />
              </>
            )}
          </span>
        </span>
        {may && (
          <button type="button" className="tool-button outlined" onClick={dialog.open}>
            {t.freeze.thaw}
          </button>
        )}
      </div>
      {dialog.element}
    </section>
  );
}

/** `toFrozen`: what the dialog leads to. */
function useFreezeDialog(toFrozen: boolean) {
  const t = useMessages().freeze;
  const control = useFreezeControl();
  const [shown, setShown] = useState(false);
  return {
    open: () => setShown(true),
    element: shown ? (
      <ReasonDialog
        title={toFrozen ? t.freezeTitle : t.thawTitle}
        text={toFrozen ? t.freezeText : t.thawText}
        confirm={toFrozen ? t.freeze : t.thaw}
        onClose={() => setShown(false)}
        onConfirm={(reason) => control.mutateAsync({ frozen: toFrozen, reason })}
      />
    ) : null,
  };
}
