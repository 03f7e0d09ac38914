/** One message of a text/event-stream. */
export interface SseMessage {
  /** `message` unless the server names another. */
  readonly event: string;
  readonly data: string;
  /** The id of this message; null when it carries none. */
  readonly id: string | null;
}

/**
 * Reads a text/event-stream as the HTML standard defines it: any line end, lines split anywhere between chunks,
 * several data lines, comments ignored. An unfinished message at the end is dropped.
 */
export async function* parseSse(
  body: AsyncIterable<Uint8Array>,
  onRetry: (milliseconds: number) => void = () => {},
): AsyncGenerator<SseMessage> {
  let data: string[] = [];
  let event = '';
  let id: string | null = null;
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
      data = [];
      event = '';
      id = null;
      continue;
    }
    const [field, value] = fieldOf(line);
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) onRetry(Number(value));
  }
}

function fieldOf(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be the first half of CRLF: it stays until the next chunk.
    const complete = /^([\s\S]*(?:\n|\r(?!$)))([\s\S]*)$/.exec(rest);
    if (!complete) continue;
    rest = complete[2] as string;
    const lines = (complete[1] as string).split(/\r\n|\n|\r/);
    lines.pop();
    yield* lines;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}
