import { type ReactNode, useLayoutEffect, useState } from 'react';

/** Up to this width what does not fit is stacked; wider screens scroll it. */
const narrow = 720;

interface Fit {
  readonly shape: 'fits' | 'scrolls' | 'stacked';
  /** Of the box, when it was laid out as a table last. */
  readonly width: number;
}

/**
 * A box for a table. Where the table is too wide, it scrolls sideways, and can be reached by keyboard; on a telephone its
 * rows become blocks, each cell with the name of its column, so that nothing is cut off.
 */
export function Scrollable({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const [box, setBox] = useState<HTMLElement | null>(null);
  const [{ shape }, setFit] = useState<Fit>({ shape: 'fits', width: 0 });
  useLayoutEffect(() => {
    if (box === null) return;
    // In another width it is laid out as a table again, and measured anew.
    const observer = new ResizeObserver(() =>
      setFit((old) => (old.width === box.clientWidth ? old : { shape: 'fits', width: box.clientWidth })),
    );
    observer.observe(box);
    return () => observer.disconnect();
  }, [box]);
  // After each drawing: what it holds may have become wider, or more.
  useLayoutEffect(() => {
    if (box === null) return;
    if (shape === 'stacked') return nameCells(box);
    const fits = box.scrollWidth <= box.clientWidth + 1;
    const next = fits ? 'fits' : window.innerWidth <= narrow ? 'stacked' : 'scrolls';
    if (next !== shape) setFit((old) => ({ ...old, shape: next }));
  });
  return (
    <fieldset
      ref={setBox}
      className={`table-scroll plain-fieldset ${shape === 'stacked' ? 'stacked' : ''}`}
      aria-label={label}
      {...(shape === 'scrolls' ? { tabIndex: 0 } : {})}
    >
      {children}
    </fieldset>
  );
}

/** Gives each cell the name of its column, for the style sheet. */
function nameCells(box: HTMLElement): void {
  for (const table of box.querySelectorAll('table')) {
    const names = [...table.querySelectorAll('thead tr > *')].map((head) => head.textContent);
    for (const row of table.querySelectorAll('tbody tr'))
      for (const [index, cell] of [...row.children].entries())
        if (cell instanceof HTMLElement) cell.dataset.column = names[index] ?? '';
  }
}
