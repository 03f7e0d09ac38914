import { type RefCallback, useLayoutEffect, useState } from 'react';

export interface Measured {
  /** To be put on the element. */
  readonly ref: RefCallback<HTMLElement>;
  readonly element: HTMLElement | null;
  /** In pixels; a guess before the element is there. */
  readonly width: number;
}

/** The width of an element as it changes. */
export function useWidth(): Measured {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(900);
  useLayoutEffect(() => {
    if (element === null) return;
    const measure = () => setWidth(Math.round(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return { ref, element, width };
}
