import { describe, expect, test } from 'vitest';
import { findListedSlave } from '../../src/model/addresses.ts';

const entry = (ip: string, port: number) => ({ ip, port, lag: {} });

/** Four nodes by name in Kubernetes, all on port 9221: what the master of real 4.0.1 listed. */
const pods = ['10.99.0.5', '10.99.0.4', '10.99.0.2', '10.99.0.3'].map((ip) => entry(ip, 9221));
const byName = { seenAs: { host: 'pika-1.pika-headless', port: 9221 } };

describe('the entry of a node in its master’s list', () => {
  test('is that of the IP to which its name led, where several nodes share a port', () => {
    expect(findListedSlave(pods, { ...byName, ips: ['10.99.0.3'] })).toEqual(entry('10.99.0.3', 9221));
  });

  test('is no neighbour’s, where the node itself is not listed', () => {
    expect(findListedSlave(pods, { ...byName, ips: ['10.99.0.9'] })).toBeNull();
    expect(findListedSlave([entry('10.99.0.3', 9221)], { ...byName, ips: ['10.99.0.9'] })).toBeNull();
  });

  test('is none where nothing tells which of several it is', () => {
    expect(findListedSlave(pods, byName)).toBeNull();
  });

  test('follows the name to another IP, and is kept while nothing better is known', () => {
    const before = { ...byName, ips: ['10.99.0.3'], listed: entry('10.99.0.3', 9221) };
    const moved = [entry('10.99.0.7', 9221), entry('10.99.0.3', 9221)];
    expect(findListedSlave(moved, { ...before, ips: ['10.99.0.7'] })).toEqual(entry('10.99.0.7', 9221));
    expect(
      findListedSlave([entry('172.17.0.4', 9000)], { ...byName, listed: entry('172.17.0.4', 9000) }),
    ).toEqual(entry('172.17.0.4', 9000));
  });

  test('is found under an address of this machine, where the node was given as loopback', () => {
    const node = { seenAs: { host: '127.0.0.1', port: 9222 }, ips: ['127.0.0.1', '192.168.1.20'] };
    expect(findListedSlave([entry('192.168.1.20', 9222)], node)).toEqual(entry('192.168.1.20', 9222));
  });
});
