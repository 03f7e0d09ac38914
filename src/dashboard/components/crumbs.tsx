import { Link, type Route } from '../router.tsx';

/** The way back from one thing to the list of its kind. */
export function Crumbs({
  to,
  title,
  id,
  inPrint = true,
}: {
  readonly to: Route;
  readonly title: string;
  readonly id: string;
  readonly inPrint?: boolean;
}) {
  return (
    <nav className={inPrint ? 'crumbs' : 'crumbs no-print'} aria-label={title}>
      <Link to={to}>{title}</Link> <span aria-hidden="true">/</span>
      <span className="mono">{id}</span>
    </nav>
  );
}
