import { Button } from '@mantine/core';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { languageOf } from '../../model/labels/index.ts';
import { ApiError } from '../api/client.ts';
import { serverNow } from '../api/server-clock.ts';
import { formatDuration, nodeNameParts } from '../format.ts';
import { useMessages, useReader } from '../i18n.tsx';
import { Link } from '../router.tsx';
import { Icon, type IconName } from './icon.tsx';

/** A text of the service, marked with its own language: what an older release stored can be in English on a Chinese page. */
export function Said({
  children,
  className,
}: {
  readonly children: string | null;
  readonly className?: string;
}) {
  if (children === null) return null;
  return (
    <span lang={languageOf(children)} className={className}>
      {children}
    </span>
  );
}

/** Steps as the service words them. */
export function Steps({ steps }: { readonly steps: readonly string[] }) {
  return (
    <ul className="steps">
      {steps.map((step) => (
        <li key={step} lang={languageOf(step)}>
          {step}
        </li>
      ))}
    </ul>
  );
}

export function Panel(props: {
  readonly id?: string;
  readonly title: string;
  readonly tools?: ReactNode;
  readonly flush?: boolean;
  readonly children: ReactNode;
  readonly className?: string;
}) {
  const headingId = `${props.id ?? props.title.replaceAll(/\W+/g, '-')}-heading`;
  return (
    <section
      id={props.id}
      className={`panel ${props.className ?? ''}`}
      aria-labelledby={headingId}
      tabIndex={-1}
    >
      <div className="panel-head">
        <h2 id={headingId} className="grow">
          {props.title}
        </h2>
        {props.tools}
      </div>
      <div className={`panel-body ${props.flush ? 'flush' : ''}`}>{props.children}</div>
    </section>
  );
}

type NoticeTone = 'bad' | 'warn' | 'info' | 'good' | 'odd';
const noticeIcons: Readonly<Record<NoticeTone, IconName>> = {
  bad: 'stop',
  warn: 'warning',
  info: 'info',
  good: 'check',
  odd: 'shield',
};

/** To the place of the runbook that says more: of a code, as `/runbook/CODE`, or as an error names it. */
function RunbookLink({ place }: { readonly place: string }) {
  const t = useMessages();
  const { language } = useReader();
  const [path, anchor] = place.split('#');
  return (
    <p className="small">
      <a
        href={`${path}?language=${language}${anchor === undefined ? '' : `#${anchor}`}`}
        target="_blank"
        rel="noreferrer"
      >
        {t.app.runbook}
      </a>
    </p>
  );
}

export function Notice(props: {
  readonly tone: NoticeTone;
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  readonly steps?: readonly string[];
  readonly live?: boolean;
  /** The code of which the runbook says more, or its place as an error names it. */
  readonly code?: string | undefined;
  readonly help?: string | null;
}) {
  const t = useMessages();
  return (
    <div className={`notice ${props.tone}`} role={props.live ? 'alert' : undefined}>
      <Icon name={noticeIcons[props.tone]} />
      <div className="body">
        {props.title && <h2>{props.title}</h2>}
        {props.children}
        {props.steps && props.steps.length > 0 && (
          <>
            <p className="small soft">{t.common.nextSteps}</p>
            <Steps steps={props.steps} />
          </>
        )}
        {props.code && <RunbookLink place={`/runbook/${encodeURIComponent(props.code)}`} />}
        {props.help && <RunbookLink place={props.help} />}
      </div>
    </div>
  );
}

/** An error in words, with what can be done. */
export function ErrorNotice({
  error,
  title,
  onRetry,
}: {
  readonly error: unknown;
  readonly title?: string;
  readonly onRetry?: () => void;
}) {
  const t = useMessages();
  const api = error instanceof ApiError ? error : null;
  const silent = api?.status === 0;
  return (
    <Notice
      tone="bad"
      live
      title={title ?? t.error.title}
      steps={silent ? [t.error.noAnswerStep] : (api?.nextSteps ?? [])}
      help={api?.help ?? null}
    >
      <p>
        {silent ? t.error.noAnswer : <Said>{api ? api.message : String(error)}</Said>}
        {api?.field && <span className="mono"> ({api.field})</span>}
      </p>
      {api?.requestId && <p className="small faint mono">{t.common.requestId(api.requestId)}</p>}
      {onRetry && (
        <Button size="xs" variant="default" mt={8} onClick={onRetry}>
          {t.common.retryLoading}
        </Button>
      )}
    </Notice>
  );
}

/** The page's h1: takes the focus when the page changes, so that a screen reader begins here. */
export function PageTitle({ children, title }: { readonly children: ReactNode; readonly title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · pika-expander`;
  }, [title]);
  useEffect(() => {
    if (pagesShown > 0) heading.current?.focus({ preventScroll: true });
    pagesShown += 1;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
let pagesShown = 0;

export function Bar({
  share,
  label,
  tall,
}: {
  /** 0 to 1; null = not known. */
  readonly share: number | null;
  readonly label: string;
  readonly tall?: boolean;
}) {
  const percent = share === null ? null : Math.min(100, Math.max(0, share * 100));
  return (
    <div
      className={`bar ${tall ? 'tall' : ''} ${share === null ? 'unknown' : ''}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { 'aria-valuenow': Math.round(percent) })}
    >
      <i style={percent === null ? undefined : { width: `${percent}%` }} />
    </div>
  );
}

/** One clock for the whole page: components that show an age re-render once a second, together. */
let now = serverNow();
const tickers = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | null = null;
function onTick(listener: () => void): () => void {
  tickers.add(listener);
  clock ??= setInterval(() => {
    now = serverNow();
    for (const ticker of tickers) ticker();
  }, 1000);
  return () => {
    tickers.delete(listener);
    if (tickers.size > 0 || clock === null) return;
    clearInterval(clock);
    clock = null;
  };
}
export const useNow = (): number => useSyncExternalStore(onTick, () => now);

export function useDuration(): (milliseconds: number) => string {
  const { units } = useMessages();
  return (milliseconds) => formatDuration(milliseconds, units);
}

/** "3 min 20 s", counting on while it runs. */
export function Age({ since }: { readonly since: number }) {
  const current = useNow();
  const duration = useDuration();
  const age = Math.max(0, current - since);
  return (
    <span className="num nowrap">
      {duration(age < 60_000 ? Math.floor(age / 1000) * 1000 : age).replace('.0', '')}
    </span>
  );
}

interface Announcer {
  readonly say: (text: string) => void;
}
const AnnouncerContext = createContext<Announcer>({ say: () => {} });
export const useAnnounce = () => useContext(AnnouncerContext).say;

/** A polite live region: it says once, in words, what has changed by itself. */
export function AnnouncerProvider({ children }: { readonly children: ReactNode }) {
  const [lines, setLines] = useState<readonly { readonly id: number; readonly text: string }[]>([]);
  const announcer = useRef<Announcer>({
    say: (text) => setLines((old) => [...old.slice(-4), { id: (old.at(-1)?.id ?? 0) + 1, text }]),
  });
  return (
    <AnnouncerContext value={announcer.current}>
      {children}
      <div
        className="visually-hidden"
        role="log"
        aria-live="polite"
        aria-relevant="additions"
        data-testid="announcements"
      >
        {lines.map((line) => (
          <p key={line.id} lang={languageOf(line.text)}>
            {line.text}
          </p>
        ))}
      </div>
    </AnnouncerContext>
  );
}

export function Loading() {
  const t = useMessages();
  return (
    <p className="empty" role="status">
      <Icon name="ring" turning /> {t.common.loading}
    </p>
  );
}

/** The page while what it shows is loaded, or when it could not be: then with what can be done. */
export function PageToCome(props: {
  readonly title: string;
  /** null = it is still loading. */
  readonly error: unknown;
  readonly onRetry: () => void;
}) {
  const { title, error, onRetry } = props;
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div className="main">
      <PageTitle title={title}>{title}</PageTitle>
      {missing ? <Missing /> : error ? <ErrorNotice error={error} onRetry={onRetry} /> : <Loading />}
    </div>
  );
}

/** Instead of a thing that is not there: what can have happened to it, and where the others are. */
export function Missing() {
  const t = useMessages();
  return (
    <div className="panel empty big">
      <h2>{t.error.notFound}</h2>
      <p>{t.error.notFoundText}</p>
      <p className="missing-way">
        <Link to={{ page: 'overview' }}>{t.app.toOverview}</Link>
      </p>
    </div>
  );
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string, type = 'application/json'): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The name of a node on one line: cut in its middle where it does not fit. A link around it says the whole name. */
export function NodeName({ name }: { readonly name: string }) {
  const [head, tail] = nodeNameParts(name);
  // Without room for the dots, what is left would read as another address.
  const least = Math.min(3, head.length);
  return (
    <span className="node-name" title={name}>
      <span style={{ ['--least' as string]: `${least}ch`, ['--tail' as string]: `${tail.length}ch` }}>
        {head}
      </span>
      {tail}
    </span>
  );
}
