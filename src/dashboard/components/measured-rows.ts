import { type RefCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { indexAt, topsOf } from './row-tops.ts';

const overscan = 8;

export interface MeasuredRows {
  /** To be put on the box that scrolls. */
  readonly ref: RefCallback<HTMLElement>;
  /** That box, once it is there. */
  readonly box: HTMLElement | null;
  readonly first: number;
  /** One behind the last that is drawn. */
  readonly end: number;
  /** Where the row begins, in pixels. */
  readonly topOf: (index: number) => number;
  /** Height of all rows together. */
  readonly height: number;
  /** The row at this place, in pixels. */
  readonly indexAt: (top: number) => number;
}

/**
 * Rows of different heights, of which only those in sight are drawn: each is taken for `estimate` pixels high until it has
 * been drawn once. Drawn rows carry their key in `data-row`. What a person reads stays where it is when a row above it
 * turns out to be higher.
 */
export function useMeasuredRows(keys: readonly number[], estimate: number): MeasuredRows {
  const [box, ref] = useState<HTMLElement | null>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [measured, setMeasured] = useState(0);
  const heights = useRef(new Map<number, number>());

  // biome-ignore lint/correctness/useExhaustiveDependencies: heights change in place; `measured` tells when
  const tops = useMemo(() => topsOf(keys, heights.current, estimate), [keys, estimate, measured]);

  useEffect(() => {
    if (box === null) return;
    let frame = 0;
    let width = box.clientWidth;
    const look = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        if (box.clientWidth !== width) {
          width = box.clientWidth;
          heights.current.clear();
          setMeasured((times) => times + 1);
        }
        setView((old) =>
          old.top === box.scrollTop && old.height === box.clientHeight
            ? old
            : { top: box.scrollTop, height: box.clientHeight },
        );
      });
    };
    look();
    box.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(box);
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [box]);

  // After each drawing: it is only a comparison while nothing new is in sight.
  useLayoutEffect(() => {
    if (box === null) return;
    let above = 0;
    let changed = false;
    for (const row of box.querySelectorAll<HTMLElement>('[data-row]')) {
      const key = Number(row.dataset.row);
      const before = heights.current.get(key) ?? estimate;
      const height = row.offsetHeight;
      if (height === before || height === 0) continue;
      heights.current.set(key, height);
      changed = true;
      if (Number(row.dataset.top) < box.scrollTop) above += height - before;
    }
    if (!changed) return;
    if (above !== 0) box.scrollTop += above;
    setMeasured((times) => times + 1);
  });

  const first = Math.max(0, indexAt(tops, view.top) - overscan);
  const end = Math.min(keys.length, indexAt(tops, view.top + view.height) + 1 + overscan);
  return {
    ref,
    box,
    first,
    end: Math.max(first, end),
    topOf: (index) => tops[index] ?? 0,
    height: tops[keys.length] ?? 0,
    indexAt: (top) => indexAt(tops, top),
  };
}
