/** What the service connects with, and the one way from a name to the addresses that a connection may see. */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { LookupFunction, Socket, TcpNetConnectOpts } from 'node:net';

/** What connections are made with; tests use a network that leads nowhere. */
export interface Network {
  resolve(
    name: string,
    options: LookupAllOptions,
    done: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void;
  connect(options: TcpNetConnectOpts): Socket;
}

/**
 * A name may lead anywhere, and elsewhere tomorrow: a connection gets only addresses that pass. Where none does, it fails
 * with `refused` before anything is sent.
 */
export const judgedLookup =
  (
    network: Pick<Network, 'resolve'>,
    passes: (ip: string) => boolean,
    refused: (name: string, ips: readonly string[]) => Error,
  ): LookupFunction =>
  (name, options, done) => {
    network.resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '');
      const passed = addresses.filter(({ address }) => passes(address));
      const [first] = passed;
      if (!first) {
        const ips = addresses.map(({ address }) => address);
        return done(refused(name, ips), '');
      }
      if (options.all) return done(null, passed);
      done(null, first.address, first.family);
    });
  };
