/** Where things stand in the topology picture; plain geometry, so that it can be tested without a browser. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly master: Box;
  readonly old: readonly Box[];
  readonly nodes: readonly Box[];
  /** Cells without text, because there are many. */
  readonly compact: boolean;
  /** Everything in one column under the master. */
  readonly narrow: boolean;
  /** Where the captions of the two groups stand. */
  readonly oldCaption: { readonly x: number; readonly y: number };
  readonly newCaption: { readonly x: number; readonly y: number };
  /** How many of the old slaves are drawn. */
  readonly oldShown: number;
}

const most = 14;
const oldMost = 8;
const rowHeight = 42;
const gap = 8;
const caption = 22;

/** Lays out a master with its old slaves and new nodes in `width` pixels. */
export function layoutTopology(width: number, oldCount: number, nodeCount: number): Layout {
  const compact = nodeCount > most;
  const oldShown = Math.min(oldCount, oldMost);
  return width < 640
    ? narrowLayout(width, oldShown, nodeCount, compact)
    : wideLayout(width, oldShown, nodeCount, compact);
}

function wideLayout(width: number, oldShown: number, nodeCount: number, compact: boolean): Layout {
  const oldWidth = Math.min(178, width * 0.23);
  const masterWidth = Math.min(196, width * 0.25);
  const space = Math.max(34, Math.min(64, width * 0.06));
  const nodesX = oldWidth + space + masterWidth + space;
  const nodesWidth = width - nodesX - 1;
  const nodes = compact
    ? cells(nodesX, caption, nodesWidth, nodeCount)
    : column(nodesX, caption, nodesWidth, nodeCount);
  const old = column(1, caption, oldWidth, oldShown);
  const bottom = Math.max(caption + 84, ...[...nodes, ...old].map((box) => box.y + box.height));
  const height = bottom + 6;
  const masterHeight = 76;
  const master = {
    x: oldWidth + space,
    y: Math.max(caption, (height - masterHeight) / 2),
    width: masterWidth,
    height: masterHeight,
  };
  return {
    width,
    height,
    master,
    old: centred(old, height),
    nodes: centred(nodes, height),
    compact,
    narrow: false,
    oldCaption: { x: 1, y: 12 },
    newCaption: { x: nodesX, y: 12 },
    oldShown,
  };
}

function narrowLayout(width: number, oldShown: number, nodeCount: number, compact: boolean): Layout {
  const indent = 26;
  const master = { x: 1, y: 1, width: Math.min(width - 2, 260), height: 64 };
  const oldTop = master.height + 34;
  const old = column(indent, oldTop, width - indent - 1, oldShown);
  const oldBottom = oldShown === 0 ? oldTop + 6 : bottomOf(old);
  const newTop = oldBottom + 34;
  const nodes = compact
    ? cells(indent, newTop, width - indent - 1, nodeCount)
    : column(indent, newTop, width - indent - 1, nodeCount);
  return {
    width,
    height: bottomOf(nodes) + 6,
    master,
    old,
    nodes,
    compact,
    narrow: true,
    oldCaption: { x: indent, y: oldTop - 10 },
    newCaption: { x: indent, y: newTop - 10 },
    oldShown,
  };
}

const bottomOf = (boxes: readonly Box[]): number => Math.max(0, ...boxes.map((box) => box.y + box.height));

function column(x: number, y: number, width: number, count: number): readonly Box[] {
  return Array.from({ length: count }, (_, index) => ({
    x,
    y: y + index * (rowHeight + gap),
    width,
    height: rowHeight,
  }));
}

function cells(x: number, y: number, width: number, count: number): readonly Box[] {
  const size = count > 120 ? 18 : 24;
  const perRow = Math.max(1, Math.floor((width + 4) / (size + 4)));
  return Array.from({ length: count }, (_, index) => ({
    x: x + (index % perRow) * (size + 4),
    y: y + Math.floor(index / perRow) * (size + 4),
    width: size,
    height: size,
  }));
}

/** Moves a group of boxes to the middle of the height. */
function centred(boxes: readonly Box[], height: number): readonly Box[] {
  if (boxes.length === 0) return boxes;
  const shift = Math.max(0, (height - 6 - bottomOf(boxes)) / 2);
  return boxes.map((box) => ({ ...box, y: box.y + shift }));
}
