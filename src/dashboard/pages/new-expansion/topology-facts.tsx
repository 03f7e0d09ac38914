import { formatAddress, type SlaveLag } from '../../../model/observation.ts';
import type { Topology } from '../../../model/views/plan.ts';
import { formatBytes } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';

/** A master and its slaves, as the master tells it. */
export function TopologyFacts({ topology }: { readonly topology: Topology }) {
  const t = useMessages();
  const n = t.newExpansion;
  const { master, slaves } = topology;
  const positions = Object.entries(master.binlog);
  return (
    <div className="topology-facts">
      <dl className="facts">
        <dt>{n.version}</dt>
        <dd>{master.version ?? t.common.unknown}</dd>
        <dt>{n.role}</dt>
        <dd>{master.role ?? t.common.unknown}</dd>
        <dt>{n.size}</dt>
        <dd className="num">{master.sstBytes === null ? t.common.unknown : formatBytes(master.sstBytes)}</dd>
        <dt>{n.binlog}</dt>
        <dd className="mono">
          {positions.length === 0
            ? t.common.unknown
            : positions.map(([db, { file, offset }]) => `${db} ${file}:${offset}`).join(', ')}
        </dd>
        <dt>{n.replicationId}</dt>
        <dd className="mono small">
          {master.replicationId === null
            ? t.common.unknown
            : master.replicationId === ''
              ? n.noReplicationId
              : master.replicationId}
        </dd>
      </dl>
      <div>
        <h3>{n.existingSlaves}</h3>
        {slaves.length === 0 ? (
          <p className="faint">{n.noSlaves}</p>
        ) : (
          <table className="table dense">
            <thead>
              <tr>
                <th scope="col">{n.slaveAddress}</th>
                <th scope="col">{n.lag}</th>
              </tr>
            </thead>
            <tbody>
              {slaves.map((slave) => (
                <tr key={`${slave.ip}:${slave.port}`}>
                  <td className="mono">{formatAddress({ host: slave.ip, port: slave.port })}</td>
                  <td className="num">{lagText(slave.lag) ?? t.common.unknown}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}

/** The lag of a slave over its DBs in a few words: the master's own where it gives no number. */
export function lagText(lag: Readonly<Record<string, SlaveLag>>): string | null {
  const values = Object.values(lag);
  if (values.length === 0) return null;
  const word = values.find((value) => typeof value === 'string');
  if (word !== undefined) return String(word);
  return formatBytes(values.reduce<number>((sum, value) => sum + Number(value), 0));
}
