import { type ReactNode, useLayoutEffect, useState } from 'react';

/** A box that scrolls sideways where its content is too wide, and then can be reached by keyboard. */
export function Scrollable({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const [box, setBox] = useState<HTMLElement | null>(null);
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    if (box === null) return;
    const measure = () => setScrolls(box.scrollWidth > box.clientWidth + 1);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [box]);
  return (
    <fieldset
      ref={setBox}
      className="table-scroll plain-fieldset"
      aria-label={label}
      {...(scrolls ? { tabIndex: 0 } : {})}
    >
      {children}
    </fieldset>
  );
}
