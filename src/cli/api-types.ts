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

export interface ExpansionRequest {
  readonly master: TargetRequest;
  readonly nodes: readonly JoinTargetRequest[];
  readonly policy?: PolicyInput;
  readonly label?: string;
}

/** A plan that was made before, in place of master, nodes and policy. */
export interface PlannedRequest {
  readonly planId: string;
  readonly label?: string;
}
