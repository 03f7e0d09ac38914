import { connect, isIP, type LookupFunction } from 'node:net';
import type { Network } from '../../src/platform/network.ts';

/** A world outside of this machine: whatever is dialled leads to one listener on loopback, so nothing is really dialled. */
export interface Outside extends Network {
  /** What each name resolves to, a list for each time that it is asked for; the last list stays. */
  readonly names: Map<string, string[][]>;
  /** Every address that was dialled, as `ip:port`. */
  readonly dialled: string[];
}

export function outside(listenerPort: () => number): Outside {
  const names = new Map<string, string[][]>();
  const dialled: string[] = [];
  const resolve: Network['resolve'] = (name, _options, done) => {
    const answers = names.get(name.toLowerCase().replace(/\.$/, '')) ?? [];
    const [ips = []] = answers.length > 1 ? answers.splice(0, 1) : answers;
    const unknown = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
    const found = ips.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => done(ips.length === 0 ? unknown : null, found));
  };
  return {
    names,
    dialled,
    resolve,
    connect({ host = '', port, lookup, ...options }) {
      const given: LookupFunction = (_name, { all }, done) => {
        const dial = (ip: string): void => {
          dialled.push(`${ip}:${port}`);
          if (all) done(null, [{ address: '127.0.0.1', family: 4 }]);
          else done(null, '127.0.0.1', 4);
        };
        if (isIP(host) > 0) dial(host);
        else
          lookup?.(host, { all: true }, (error, addresses) => {
            if (error) done(error, '');
            else dial((addresses as unknown as { address: string }[])[0]!.address);
          });
      };
      return connect({ ...options, host: 'outside.invalid', port: listenerPort(), lookup: given });
    },
  };
}
