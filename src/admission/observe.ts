import type { CredentialSource, Engine } from '../engines/engine.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { NodeTarget } from '../model/expansion.ts';
import type { Look, LookSection } from '../model/observation.ts';

export interface Observed {
  readonly look: Look;
  /** null = the node could not be read well enough to tell. */
  readonly capabilities: Capabilities | null;
}

export interface ObserveOptions {
  readonly sections: readonly LookSection[];
  /** For one reply; a whole look may take `wholeLookFactor` times as long. */
  readonly timeoutMs: number;
  readonly masterPassword?: string | null;
}

/** A look asks several things one after the other; a node that drips its replies must not hold a request for ever. */
const wholeLookFactor = 3;

/**
 * Looks at one server over a connection of its own. Never throws for what the server does, nor for a credential that has
 * gone from the configuration since the target was named.
 */
export async function observe(
  engine: Engine,
  credentials: CredentialSource,
  target: NodeTarget,
  options: ObserveOptions,
  now: () => number,
): Promise<Observed> {
  const startedAt = now();
  if (target.credential !== null && !credentials.names.includes(target.credential)) {
    const message = 'its credential is not configured';
    return { look: { kind: 'denied', at: startedAt, code: 'NO_CREDENTIAL', message }, capabilities: null };
  }
  const connection = engine.connect(target, credentials.get(target.credential));
  const limitMs = options.timeoutMs * wholeLookFactor;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Look>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'busy', at: now(), tookMs: now() - startedAt }), limitMs);
  });
  try {
    const look = await Promise.race([connection.look(options), tooLate]);
    return { look, capabilities: capabilitiesOf(engine, look) };
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}

function capabilitiesOf(engine: Engine, look: Look): Capabilities | null {
  if (look.kind !== 'answered') return null;
  const { server, replication } = look.facts;
  return server === undefined || replication === undefined ? null : engine.capabilities(look.facts);
}
