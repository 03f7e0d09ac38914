import { type RefCallback, useEffect, useState } from 'react';

/** Whether an element has come near the visible part of the page yet; what is costly can wait until then. */
export function useSeen(): { readonly ref: RefCallback<HTMLElement>; readonly seen: boolean } {
  const [element, ref] = useState<HTMLElement | null>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        setSeen(true);
        observer.disconnect();
      },
      { rootMargin: '300px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return { ref, seen };
}
