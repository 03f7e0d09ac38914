import type { NewTrailEntry, TrailEntry } from '../model/views/trail.ts';
import type { Page } from './page.ts';

/** The newest entry; of an empty trail seq 0, and 64 zeros. */
export interface TrailEnd {
  readonly seq: number;
  readonly hash: string;
}

export interface TrailFilter {
  readonly who?: string;
  readonly act?: string;
  readonly object?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** Who asked for what. Nothing in it is ever changed. All methods throw StoreUnavailableError. */
export interface TrailStore {
  /** Numbers and links them, all or none, in one chain with those of every other process. */
  append(entries: readonly NewTrailEntry[]): Promise<readonly TrailEntry[]>;
  /** Newest first. */
  list(filter: TrailFilter): Promise<Page<TrailEntry>>;
  /** In order of seq. */
  after(seq: number, limit: number): Promise<readonly TrailEntry[]>;
  end(): Promise<TrailEnd>;
}

/** Where the page before ended; null = it is no cursor of the trail. */
export const trailCursor = (cursor: string): number | null =>
  /^[1-9]\d{0,14}$/.test(cursor) ? Number(cursor) : null;
