import { type ReactNode, type RefCallback, useLayoutEffect, useState } from 'react';

export interface VisibleRange {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
}

const overscan = 8;

export interface VisibleRows extends VisibleRange {
  /** To be put on the box that scrolls. */
  readonly ref: RefCallback<HTMLElement>;
  /** That box, once it is there. */
  readonly box: HTMLElement | null;
}

/** Which rows of a scrolling box are to be drawn: the visible ones and a few around them. */
export function useVisibleRows(count: number, rowHeight: number): VisibleRows {
  const [box, ref] = useState<HTMLElement | null>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    if (box === null) return;
    let frame = 0;
    const measure = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        setView((old) =>
          old.top === box.scrollTop && old.height === box.clientHeight
            ? old
            : { top: box.scrollTop, height: box.clientHeight },
        );
      });
    };
    measure();
    box.addEventListener('scroll', measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => {
      cancelAnimationFrame(frame);
      box.removeEventListener('scroll', measure);
      observer.disconnect();
    };
  }, [box]);
  const first = Math.max(0, Math.min(count, Math.floor(view.top / rowHeight) - overscan));
  const end = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + overscan);
  return { first, end: Math.max(first, end), ref, box };
}

/** The rows of a range at their places in a box as high as all of them. */
export function VirtualRows({
  range,
  count,
  rowHeight,
  row,
}: {
  readonly range: VisibleRange;
  readonly count: number;
  readonly rowHeight: number;
  readonly row: (index: number, style: { transform: string; height: number }) => ReactNode;
}) {
  const rows: ReactNode[] = [];
  for (let index = range.first; index < range.end; index += 1) {
    rows.push(row(index, { transform: `translateY(${index * rowHeight}px)`, height: rowHeight }));
  }
  return (
    <div className="virtual" role="presentation" style={{ height: count * rowHeight }}>
      {rows}
    </div>
  );
}
