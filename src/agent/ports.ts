import { isIP } from 'node:net';
import { connectToNode, realNetwork } from '../engines/node-access.ts';
import type { PortTry } from '../model/views/agent.ts';
import type { Address } from '../model/views/targets.ts';
import type { Network } from '../platform/network.ts';

/** Connects once and hangs up; sends nothing. Addresses where no server can be are not tried. Never rejects. */
export function tryPort(
  to: Address,
  timeoutMs: number,
  now: () => number,
  network: Network = realNetwork,
): Promise<PortTry> {
  const at = now();
  return new Promise((resolve) => {
    const socket = connectToNode(to, { asked: to, credential: null }, network);
    const end = (outcome: PortTry['outcome']): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ to, at, outcome });
    };
    let resolved = isIP(to.host) !== 0;
    const timer = setTimeout(() => end(resolved ? 'no_answer' : 'unresolved'), timeoutMs);
    socket.once('lookup', () => {
      resolved = true;
    });
    socket.once('connect', () => end('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(outcomeOf(error)));
  });
}

function outcomeOf({ code, syscall }: NodeJS.ErrnoException): PortTry['outcome'] {
  if (code === 'ECONNREFUSED') return 'refused';
  return syscall === 'getaddrinfo' ? 'unresolved' : 'no_answer';
}
