/** What the dashboard asks for. The answers are in `src/model/views`. */
export type MasterInput =
  | string
  | { readonly address: string; readonly seenAs?: string; readonly credential?: string };

export interface NodeInput {
  readonly address: string;
  readonly seenAs?: string;
  readonly credential?: string;
  readonly overwriteData?: true;
  readonly repoint?: true;
}

/** A plan that a person has seen: exactly this plan is started, or none. */
export interface PlannedRequest {
  readonly planId: string;
  readonly label?: string;
  /** Milliseconds since the epoch. */
  readonly startAt?: number;
}
