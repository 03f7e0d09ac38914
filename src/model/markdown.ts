/** Parts of the reports in Markdown. */

export const markdownTime = (at: number | null): string => (at === null ? '-' : new Date(at).toISOString());

/** A text that cannot break out of its place in the Markdown, nor become a link or markup. */
export function markdownText(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&');
}
