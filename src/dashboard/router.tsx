import {
  createContext,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from 'react';

export type Route =
  | { readonly page: 'overview' }
  | { readonly page: 'new' }
  | { readonly page: 'expansion'; readonly id: string }
  | { readonly page: 'retry'; readonly id: string }
  | { readonly page: 'node'; readonly id: string; readonly node: string }
  | { readonly page: 'campaigns' }
  | { readonly page: 'new-campaign' }
  | { readonly page: 'campaign'; readonly id: string }
  | { readonly page: 'audits' }
  | { readonly page: 'audit'; readonly id: string }
  | { readonly page: 'replacements' }
  | { readonly page: 'replacement'; readonly id: string }
  | { readonly page: 'guards' }
  | { readonly page: 'guard'; readonly id: string }
  | { readonly page: 'comparisons' }
  | { readonly page: 'comparison'; readonly id: string }
  | { readonly page: 'knowledge' }
  | { readonly page: 'agents' }
  | { readonly page: 'trail' }
  | { readonly page: 'tokens' }
  | { readonly page: 'channels' }
  | { readonly page: 'rehearsals' }
  | { readonly page: 'rehearsal'; readonly plan: string }
  | { readonly page: 'sign-in' }
  | { readonly page: 'not-found' };

/** The page that an address names. */
function routeOf(pathname: string): Route {
  const parts = pathname.split('/').filter((part) => part !== '');
  const [first, second, third, fourth] = parts.map(decode);
  if (parts.length === 0) return { page: 'overview' };
  if (first === 'new' && parts.length === 1) return { page: 'new' };
  if (first === 'sign-in' && parts.length === 1) return { page: 'sign-in' };
  if (first === 'campaigns' && parts.length === 1) return { page: 'campaigns' };
  if (first === 'campaigns' && second === 'new' && parts.length === 2) return { page: 'new-campaign' };
  if (first === 'campaigns' && parts.length === 2) return { page: 'campaign', id: second ?? '' };
  if (first === 'audits' && parts.length === 1) return { page: 'audits' };
  if (first === 'audits' && parts.length === 2) return { page: 'audit', id: second ?? '' };
  if (first === 'replacements' && parts.length === 1) return { page: 'replacements' };
  if (first === 'replacements' && parts.length === 2) return { page: 'replacement', id: second ?? '' };
  if (first === 'guards' && parts.length === 1) return { page: 'guards' };
  if (first === 'guards' && parts.length === 2) return { page: 'guard', id: second ?? '' };
  if (first === 'comparisons' && parts.length === 1) return { page: 'comparisons' };
  if (first === 'comparisons' && parts.length === 2) return { page: 'comparison', id: second ?? '' };
  if (first === 'knowledge' && parts.length === 1) return { page: 'knowledge' };
  if (first === 'agents' && parts.length === 1) return { page: 'agents' };
  if (first === 'tokens' && parts.length === 1) return { page: 'tokens' };
  if (first === 'channels' && parts.length === 1) return { page: 'channels' };
  if (first === 'trail' && parts.length === 1) return { page: 'trail' };
  if (first === 'rehearsals' && parts.length === 1) return { page: 'rehearsals' };
  if (first === 'rehearsals' && parts.length === 2) return { page: 'rehearsal', plan: second ?? '' };
  if (first === 'expansions' && parts.length === 2) return { page: 'expansion', id: second ?? '' };
  if (first === 'expansions' && third === 'retry' && parts.length === 3)
    return { page: 'retry', id: second ?? '' };
  if (first === 'expansions' && third === 'nodes' && parts.length === 4)
    return { page: 'node', id: second ?? '', node: fourth ?? '' };
  return { page: 'not-found' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'overview':
      return '/';
    case 'new-campaign':
      return '/campaigns/new';
    case 'expansion':
      return `/expansions/${encodeURIComponent(route.id)}`;
    case 'retry':
      return `/expansions/${encodeURIComponent(route.id)}/retry`;
    case 'node':
      return `/expansions/${encodeURIComponent(route.id)}/nodes/${encodeURIComponent(route.node)}`;
    case 'rehearsal':
      return `/rehearsals/${encodeURIComponent(route.plan)}`;
    case 'campaign':
      return `/campaigns/${encodeURIComponent(route.id)}`;
    case 'audit':
      return `/audits/${encodeURIComponent(route.id)}`;
    case 'replacement':
      return `/replacements/${encodeURIComponent(route.id)}`;
    case 'guard':
      return `/guards/${encodeURIComponent(route.id)}`;
    case 'comparison':
      return `/comparisons/${encodeURIComponent(route.id)}`;
    default:
      return `/${route.page}`;
  }
}

interface Router {
  readonly route: Route;
  readonly go: (route: Route) => void;
}

const RouterContext = createContext<Router>({ route: { page: 'overview' }, go: () => {} });

export function RouterProvider({ children }: { readonly children: ReactNode }) {
  const [pathname, setPathname] = useState(() => window.location.pathname);
  useEffect(() => {
    const follow = () => setPathname(window.location.pathname);
    window.addEventListener('popstate', follow);
    return () => window.removeEventListener('popstate', follow);
  }, []);
  const go = useCallback((route: Route) => {
    window.history.pushState(null, '', hrefOf(route));
    setPathname(window.location.pathname);
    window.scrollTo(0, 0);
  }, []);
  const router = useMemo(() => ({ route: routeOf(pathname), go }), [pathname, go]);
  return <RouterContext value={router}>{children}</RouterContext>;
}

export const useRouter = (): Router => useContext(RouterContext);

interface LinkProps {
  readonly to: Route;
  readonly className?: string;
  readonly children: ReactNode;
  readonly current?: boolean;
  readonly label?: string;
}

/** A real link (opens in a new tab, can be copied) that changes the page without a reload. */
export function Link({ to, className, children, current, label }: LinkProps) {
  const { go } = useRouter();
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a
      href={hrefOf(to)}
      className={className}
      onClick={follow}
      aria-current={current ? 'page' : undefined}
      aria-label={label}
    >
      {children}
    </a>
  );
}
