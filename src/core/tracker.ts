/** State of the full-sync tracker for one slave; JSON-serialisable. */
export interface SlaveTracker {
  readonly placeholder?: true;
}
