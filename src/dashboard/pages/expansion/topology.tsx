// biome-ignore-all lint/a11y/noAriaHiddenOnFocusable: the lines of the picture take no focus
// biome-ignore-all lint/a11y/useAriaPropsSupportedByRole: a link takes a label, in a picture too
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the cells of a big picture repeat the table, which has links
// biome-ignore-all lint/a11y/noStaticElementInteractions: the same
// biome-ignore-all lint/a11y/noSvgWithoutTitle: icons inside a picture that has a title

import { useId } from 'react';
import { isActive } from '../../../model/expansion.ts';
import { formatAddress } from '../../../model/observation.ts';
import type { ExpansionView, JoinView } from '../../../model/views/expansion.ts';
import { iconPath } from '../../components/icon.tsx';
import { phaseLook } from '../../components/status.tsx';
import { useWidth } from '../../components/use-width.ts';
import { formatBytes, nodeNameParts } from '../../format.ts';
import { useMessages } from '../../i18n.tsx';
import { hrefOf, useRouter } from '../../router.tsx';
import { lagText } from '../new-expansion/topology-facts.tsx';
import { shareOf } from './progress.ts';
import { type Box, layoutTopology } from './topology-layout.ts';
import { useOldSlaves } from './use-old-slaves.ts';

const manyNodes = 24;

/** The master, the slaves it had before, and the new nodes with their state. */
export function TopologyPicture({ expansion }: { readonly expansion: ExpansionView }) {
  const t = useMessages();
  const titleId = useId();
  const { ref, width: measured } = useWidth();
  // Few nodes would become very long boxes.
  const width = Math.max(260, expansion.joins.length > manyNodes ? measured : Math.min(measured, 1080));
  const { slaves, sstBytes } = useOldSlaves(expansion);
  const old = slaves ?? [];
  const layout = layoutTopology(width, old.length, expansion.joins.length);
  const description = t.topology.description(expansion.master.name, old.length, expansion.joins.length);

  return (
    <div ref={ref} className="topology">
      <svg
        width={layout.width}
        height={layout.height}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        role={layout.compact ? 'img' : 'group'}
        aria-labelledby={titleId}
      >
        <title id={titleId}>{description}</title>
        <g className="edges" aria-hidden="true">
          {old.slice(0, layout.oldShown).map((slave, index) => (
            <Edge
              key={`${slave.ip}:${slave.port}`}
              kind="solid"
              master={layout.master}
              to={layout.old[index] as Box}
              side={layout.narrow ? 'below' : 'left'}
            />
          ))}
          {layout.compact ? (
            <Edge
              kind="dashed"
              master={layout.master}
              to={boundsOf(layout.nodes)}
              side={layout.narrow ? 'below' : 'right'}
            />
          ) : (
            expansion.joins.map((join, index) => (
              <Edge
                key={join.target.name}
                kind={edgeKind(join)}
                master={layout.master}
                to={layout.nodes[index] as Box}
                side={layout.narrow ? 'below' : 'right'}
              />
            ))
          )}
        </g>
        <text className="caption" x={layout.oldCaption.x} y={layout.oldCaption.y}>
          {t.topology.oldSlaves}
          {slaves === null && `: ${t.common.unknown}`}
          {slaves !== null && old.length === 0 && `: ${t.topology.noOldSlaves}`}
          {old.length > layout.oldShown && ` (${layout.oldShown} / ${old.length})`}
        </text>
        <text className="caption" x={layout.newCaption.x} y={layout.newCaption.y}>
          {t.topology.newNodes} ({expansion.joins.length})
        </text>
        <g>
          <rect className="master-box" {...layout.master} rx={9} />
          <text className="master-name" x={layout.master.x + 14} y={layout.master.y + 25}>
            {shortenName(expansion.master.name, (layout.master.width - 20) / 8)}
          </text>
          <text className="master-sub" x={layout.master.x + 14} y={layout.master.y + 43}>
            Pika {expansion.capabilities?.version ?? t.common.unknown}
          </text>
          {layout.master.height > 70 && (
            <text className="master-sub" x={layout.master.x + 14} y={layout.master.y + 60}>
              {sstBytes === null ? '' : formatBytes(sstBytes)}
            </text>
          )}
        </g>
        {old.slice(0, layout.oldShown).map((slave, index) => (
          <OldSlave
            key={`${slave.ip}:${slave.port}`}
            box={layout.old[index] as Box}
            name={formatAddress({ host: slave.ip, port: slave.port })}
            lag={`${t.nodeTable.lag} ${lagText(slave.lag) ?? t.common.unknown}`}
          />
        ))}
        {expansion.joins.map((join, index) =>
          layout.compact ? (
            <NodeCell key={join.target.name} id={expansion.id} join={join} box={layout.nodes[index] as Box} />
          ) : (
            <NodeBox key={join.target.name} id={expansion.id} join={join} box={layout.nodes[index] as Box} />
          ),
        )}
      </svg>
      <ul className="plain legend" aria-label={t.topology.legend}>
        <li>
          <i className="line solid" /> {t.topology.solid}
        </li>
        <li>
          <i className="line dashed" /> {t.topology.dashed}
        </li>
        <li>
          <i className="line dotted" /> {t.topology.dotted}
        </li>
      </ul>
    </div>
  );
}

type EdgeKind = 'solid' | 'dashed' | 'dotted';

const edgeKind = (join: JoinView): EdgeKind =>
  join.phase === 'verified' ? 'solid' : isActive(join.phase) ? 'dashed' : 'dotted';

const shorten = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, Math.max(3, Math.floor(most) - 1))}…`;

/** As `NodeName` does it. */
function shortenName(name: string, most: number): string {
  const [head, tail] = nodeNameParts(name);
  return name.length <= most ? name : shorten(head, most - tail.length) + tail;
}

function boundsOf(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}

function Edge(props: {
  readonly kind: EdgeKind;
  readonly master: Box;
  readonly to: Box;
  readonly side: 'left' | 'right' | 'below';
}) {
  return <path className={`edge ${props.kind}`} d={edgePath(props.master, props.to, props.side)} />;
}

function edgePath(master: Box, to: Box, side: 'left' | 'right' | 'below'): string {
  const middle = to.y + to.height / 2;
  if (side === 'below') return `M${master.x + 12} ${master.y + master.height}V${middle}H${to.x}`;
  const fromY = master.y + master.height / 2;
  const fromX = side === 'right' ? master.x + master.width : master.x;
  const toX = side === 'right' ? to.x : to.x + to.width;
  const bend = (toX - fromX) / 2;
  return `M${fromX} ${fromY}C${fromX + bend} ${fromY} ${toX - bend} ${middle} ${toX} ${middle}`;
}

function OldSlave({ box, name, lag }: { readonly box: Box; readonly name: string; readonly lag: string }) {
  return (
    <g>
      <title>{`${name}, ${lag}`}</title>
      <rect className="old-box" {...box} rx={7} />
      <text className="node-name" x={box.x + 10} y={box.y + 18}>
        {shortenName(name, (box.width - 16) / 7.4)}
      </text>
      <text className="node-sub" x={box.x + 10} y={box.y + 33}>
        {shorten(lag, (box.width - 16) / 6.2)}
      </text>
    </g>
  );
}

function useNodeLink(id: string, node: string) {
  const { go } = useRouter();
  const to = { page: 'node', id, node } as const;
  return {
    href: hrefOf(to),
    onClick: (event: React.MouseEvent) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(to);
    },
  };
}

interface NodeProps {
  readonly id: string;
  readonly join: JoinView;
  readonly box: Box;
}

function NodeBox({ id, join, box }: NodeProps) {
  const t = useMessages();
  const link = useNodeLink(id, join.target.name);
  const look = phaseLook(join.phase);
  const share = isActive(join.phase) ? shareOf(join) : null;
  const batch = join.batch === null ? '' : ` · ${t.newExpansion.batch(join.batch + 1)}`;
  return (
    <a
      {...link}
      className={`node ${look.tone}`}
      aria-label={`${join.target.name}: ${t.phases[join.phase]}${batch}`}
    >
      <rect className="node-box" {...box} rx={7} />
      {share !== null && (
        <rect
          className="node-fill"
          x={box.x}
          y={box.y + box.height - 4}
          width={box.width * share}
          height={4}
          rx={2}
        />
      )}
      <svg
        x={box.x + 10}
        y={box.y + 13}
        width={16}
        height={16}
        viewBox="0 0 16 16"
        className="node-icon"
        aria-hidden="true"
      >
        <path d={iconPath(look.icon)} />
      </svg>
      <text className="node-name" x={box.x + 34} y={box.y + 18}>
        {shortenName(join.target.name, (box.width - 42) / 7.4)}
      </text>
      <text className="node-sub" x={box.x + 34} y={box.y + 33}>
        {t.phases[join.phase]}
        {batch}
      </text>
    </a>
  );
}

/** One of many: a cell. The table below has the links and the words; this is for the eye and the mouse. */
function NodeCell({ id, join, box }: NodeProps) {
  const t = useMessages();
  const { go } = useRouter();
  const look = phaseLook(join.phase);
  return (
    <g className={`node cell ${look.tone}`} onClick={() => go({ page: 'node', id, node: join.target.name })}>
      <title>{`${join.target.name}: ${t.phases[join.phase]}`}</title>
      <rect className={`node-box ${isActive(join.phase) ? 'active' : ''}`} {...box} rx={5} />
      <svg
        x={box.x + box.width / 2 - 6}
        y={box.y + box.height / 2 - 6}
        width={12}
        height={12}
        viewBox="0 0 16 16"
        className="node-icon"
      >
        <path d={iconPath(look.icon)} />
      </svg>
    </g>
  );
}
