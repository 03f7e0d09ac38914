import { withTimeLimit } from '../platform/time-limit.ts';
import { askOutside, type WayOut } from './outgoing.ts';

/** The number in an answer: plain text, or JSON `{"value": number}`; null = there is none. */
export function figureIn(text: string): number | null {
  const plain = text.trim();
  if (/^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(plain)) return Number(plain);
  try {
    const { value } = JSON.parse(plain) as { readonly value?: unknown };
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

/** Makes the function that reads an operator's figure of health by GET. It never rejects. null = no number came within the limit. */
export function createFigureReader(
  timeoutMs: number,
  wayOut: WayOut,
): (url: string) => Promise<number | null> {
  return async (url) => {
    try {
      const { status, text } = await withTimeLimit(timeoutMs, null, (limited) =>
        askOutside(wayOut, { method: 'GET', url }, limited),
      );
      return status === 200 ? figureIn(text) : null;
    } catch {
      return null;
    }
  };
}
