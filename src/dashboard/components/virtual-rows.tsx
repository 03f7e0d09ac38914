import { type ReactNode, type RefObject, useLayoutEffect, useState } from 'react';

export interface VisibleRange {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
}

const overscan = 8;

/** Which rows of a scrolling box are to be drawn: the visible ones and a few around them. */
export function useVisibleRows(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VisibleRange {
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    let frame = 0;
    const measure = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        setView((old) =>
          old.top === element.scrollTop && old.height === element.clientHeight
            ? old
            : { top: element.scrollTop, height: element.clientHeight },
        );
      });
    };
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener('scroll', measure);
      observer.disconnect();
    };
  }, [box]);
  const first = Math.max(0, Math.min(count, Math.floor(view.top / rowHeight) - overscan));
  const end = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + overscan);
  return { first, end: Math.max(first, end) };
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
