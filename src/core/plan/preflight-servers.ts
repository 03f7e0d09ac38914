/** The servers that a preflight judges. */
import type { Capabilities } from '../../model/capabilities.ts';
import type { Look } from '../../model/observation.ts';
import type { JoinTarget, NodeTarget } from '../../model/targets.ts';

export interface PreflightMaster {
  readonly target: NodeTarget;
  readonly look: Look;
  /** null = could not be read. */
  readonly capabilities: Capabilities | null;
}

export interface PreflightNode {
  readonly target: JoinTarget;
  readonly look: Look;
  readonly capabilities: Capabilities | null;
}
