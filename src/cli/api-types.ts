import type { PolicyInput } from '../model/policy.ts';

/** What the command line asks for. Its answers are in `src/model/views`. */
export interface TargetRequest {
  readonly address: string;
  readonly seenAs?: string;
  readonly credential?: string;
}

export interface JoinTargetRequest extends TargetRequest {
  readonly overwriteData?: true;
  readonly repoint?: true;
}

interface Start {
  readonly label?: string;
  /** Milliseconds since the epoch. */
  readonly startAt?: number;
}

export interface ExpansionRequest extends Start {
  readonly master: TargetRequest;
  readonly nodes: readonly JoinTargetRequest[];
  readonly policy?: PolicyInput;
}

/** What an ended expansion has left, with what is wanted otherwise. */
export interface RetryRequest extends Start {
  readonly retryOf: string;
  readonly nodes?: readonly JoinTargetRequest[];
  readonly policy?: PolicyInput;
}

/** A plan that was made before, in place of master, nodes and policy. */
export interface PlannedRequest extends Start {
  readonly planId: string;
}
