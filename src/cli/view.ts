import type { StoredEvent } from '../model/views/event.ts';
import type { ExpansionView } from '../model/views/expansion.ts';
import type { CliContext } from './context.ts';
import type { FollowListener } from './follow.ts';
import { formatClock, printable } from './format.ts';
import { eventLine, progressLine, silentText } from './render/expansion.ts';
import { renderFrame } from './render/frame.ts';
import { type Style, styleFor } from './style.ts';

/** How a running expansion is shown. */
export interface View extends FollowListener {
  /** Leaves the last picture standing; nothing is shown afterwards. */
  close(): void;
}

const frameIntervalMs = 100;
const countIntervalMs = 1000;
const progressLineIntervalMs = 10_000;
const recentEvents = 20;

/** Bars that move on a terminal, else lines; the terminal must be able to overwrite. */
export async function viewFor(context: CliContext, asLines: boolean): Promise<View> {
  if (asLines || !context.stdout.isTTY || context.env.TERM === 'dumb') return new LinesView(context);
  const { createLogUpdate } = await import('log-update');
  return new LiveView(context, createLogUpdate(context.stdout as NodeJS.WritableStream));
}

/** One JSON object per line: `{"kind":"event"|"progress"|"connection",…}`; see docs/cli.md. */
export class JsonView implements View {
  readonly #context: CliContext;
  #last = '';

  constructor(context: CliContext) {
    this.#context = context;
  }

  onEvent(event: StoredEvent): void {
    writeJsonLine(this.#context, { kind: 'event', event });
  }

  onChange(expansion: ExpansionView): void {
    const { id, state, currentBatch, batchCount } = expansion;
    const joins = expansion.joins.map((join) => ({
      node: join.target.name,
      phase: join.phase,
      progress: join.progress,
      waitingFor: join.waitingFor ?? null,
    }));
    const line = { kind: 'progress', expansionId: id, state, currentBatch, batchCount, joins };
    const text = JSON.stringify(line);
    if (text === this.#last) return;
    this.#last = text;
    writeJsonLine(this.#context, line);
  }

  onConnection(lost: string | null): void {
    writeJsonLine(this.#context, { kind: 'connection', lost });
  }

  close(): void {}
}

export function writeJsonLine(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value)}\n`);
}

class LinesView implements View {
  readonly #context: CliContext;
  readonly #style: Style;
  readonly #saidAt = new Map<string, number>();
  /** The history comes first: a line of progress before it would bear a later time. */
  #hasBegun = false;

  constructor(context: CliContext) {
    this.#context = context;
    this.#style = styleFor(context);
  }

  onEvent(event: StoredEvent): void {
    this.#hasBegun = true;
    this.#context.stdout.write(`${eventLine(event, this.#style)}\n`);
  }

  onChange(expansion: ExpansionView): void {
    if (!this.#hasBegun) return;
    const now = this.#context.now();
    for (const join of expansion.joins) {
      const line = progressLine(join, now, this.#style);
      const { name } = join.target;
      if (line === null || now - (this.#saidAt.get(name) ?? 0) < progressLineIntervalMs) continue;
      this.#saidAt.set(name, now);
      this.#context.stdout.write(`${line}\n`);
    }
  }

  onConnection(lost: string | null): void {
    const { connectedAgain, noConnection } = this.#context.words.expansion;
    const text = lost === null ? connectedAgain : noConnection(lost);
    this.#context.stderr.write(`${formatClock(this.#context.now())} ${printable(text)}\n`);
  }

  close(): void {}
}

type LogUpdate = ReturnType<typeof import('log-update').createLogUpdate>;

class LiveView implements View {
  readonly #context: CliContext;
  readonly #style: Style;
  readonly #draw: LogUpdate;
  #expansion: ExpansionView | null = null;
  #events: StoredEvent[] = [];
  #connectionLost: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(context: CliContext, draw: LogUpdate) {
    this.#context = context;
    this.#style = styleFor(context);
    this.#draw = draw;
  }

  onEvent(event: StoredEvent): void {
    this.#events = [...this.#events.slice(1 - recentEvents), event];
    this.#soon();
  }

  onChange(expansion: ExpansionView): void {
    this.#expansion = expansion;
    this.#soon();
  }

  onConnection(lost: string | null): void {
    this.#connectionLost = lost;
    this.#soon();
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#closed = true;
    // The summary that follows says all that the picture said.
    this.#draw.clear();
    this.#draw.done();
  }

  #soon(withinMs = frameIntervalMs): void {
    if (this.#closed || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#paint();
    }, withinMs);
  }

  #paint(): void {
    if (!this.#expansion) return;
    const { columns = 80, rows = 24 } = this.#context.stdout;
    const state = {
      expansion: this.#expansion,
      recentEvents: this.#events,
      connectionLost: this.#connectionLost,
      now: this.#context.now(),
    };
    this.#draw(renderFrame(state, columns, rows, this.#style).join('\n'));
    // Counters of seconds go on while no news comes.
    if (this.#expansion.joins.some((join) => silentText(join, 0, this.#style) !== null))
      this.#soon(countIntervalMs);
  }
}
