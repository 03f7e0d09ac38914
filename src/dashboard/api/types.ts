import type { PolicyInput } from '../../model/policy.ts';

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

export interface ExpansionRequest {
  readonly master: MasterInput;
  readonly nodes: readonly NodeInput[];
  readonly policy?: PolicyInput;
  readonly label?: string;
}
