import type { ReactNode } from 'react';
import { formatBytes } from '../format.ts';
import { useMessages } from '../i18n.tsx';

/** A figure with its name above, and a picture of it below. */
export function Measure(props: {
  readonly name: ReactNode;
  readonly value: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="stack tight">
      <div className="row apart small">
        <div>{props.name}</div>
        <span className="num">{props.value}</span>
      </div>
      {props.children}
    </div>
  );
}

/** A mount: what is used, what is still to come there, and what is free. */
export function DiskBar(props: {
  readonly name: ReactNode;
  /** The name for those who see no bar. */
  readonly label: string;
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** null = nothing, or not known. */
  readonly awaitedBytes: number | null;
  readonly children?: ReactNode;
}) {
  const t = useMessages().host;
  const { name, label, path, totalBytes, freeBytes, awaitedBytes, children } = props;
  const share = (bytes: number) => `${totalBytes === 0 ? 0 : Math.min(100, (bytes / totalBytes) * 100)}%`;
  const tooSmall = awaitedBytes !== null && awaitedBytes > freeBytes;
  const free = t.free(formatBytes(freeBytes), formatBytes(totalBytes));
  return (
    <Measure name={name} value={free}>
      <div className="disk-bar" role="img" aria-label={`${label}, ${path}: ${free}`} title={path}>
        <i style={{ width: share(totalBytes - freeBytes) }} />
        {awaitedBytes !== null && (
          <b className={tooSmall ? 'bad' : ''} style={{ width: share(Math.min(awaitedBytes, freeBytes)) }} />
        )}
      </div>
      {children}
    </Measure>
  );
}
