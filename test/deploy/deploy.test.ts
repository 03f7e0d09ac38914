import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docker-compose.yml', () => {
  interface ComposeService {
    readonly read_only?: boolean;
    readonly cap_drop?: readonly string[];
    readonly cap_add?: readonly string[];
    readonly security_opt?: readonly string[];
    readonly profiles?: readonly string[];
    readonly networks?: readonly string[];
    readonly ports?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly command?: readonly string[];
  }
  const compose = parse(text('docker-compose.yml'), { merge: true }) as {
    readonly services: Readonly<Record<string, ComposeService>>;
    readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  };
  /** Pika's own image is for trying out alone. */
  const services = Object.entries(compose.services).filter(
    ([, { profiles = [] }]) => !profiles.includes('pika'),
  );

  test.each(services)('%s has no right that it does not need', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.cap_add).toBeUndefined();
  });

  test('no secret has a default', () => {
    const secrets = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(
        ([name, value]) => /PASSWORD|TOKEN/.test(name) || /:\/\/[^/]*@/.test(value),
      ),
    );
    expect(secrets.length).toBeGreaterThan(4);
    for (const [name, value] of secrets)
      expect([name, value]).toEqual([name, expect.stringMatching(/\$\{\w+:\?[^}]+\}/)]);
  });

  test('database and queue are in a network that leads nowhere, and no port but the API’s is open, on loopback', () => {
    expect(compose.networks.inside).toEqual({ internal: true });
    for (const name of ['postgres', 'redis']) expect(compose.services[name]!.networks).toEqual(['inside']);
    for (const [name, { ports }] of Object.entries(compose.services))
      expect([name, ports]).toEqual([name, name === 'api' ? ['127.0.0.1:8080:8080'] : undefined]);
    for (const name of ['pika-1', 'pika-2', 'pika-3'])
      expect(compose.services[name]!.networks).toEqual(['nodes']);
  });
});

describe('Dockerfile', () => {
  const lines = text('Dockerfile').split('\n');
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  test('the image has no root, no build tools, and a check of its health', () => {
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(last.some((line) => line.startsWith('RUN '))).toBe(false);
    const copied = last.filter((line) => line.startsWith('COPY ')).map((line) => line.split(' ').slice(2));
    expect(copied.flat().filter((path) => /test|scripts|src$/.test(path))).toEqual([]);
  });

  test('the check of its health is a program that Node takes', () => {
    const joined = text('Dockerfile').replaceAll(/\\\n/g, '');
    const [, command] = /^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(joined)!;
    const [, flag, program] = JSON.parse(command!) as string[];
    const env = { ...process.env, PIKA_EXPANDER_PORT: '1' };
    const { status, stderr } = spawnSync(process.execPath, [flag!, program!], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, '']);
  });

  test('secrets and what the build does not need stay out of it', () => {
    const left = text('.dockerignore').split('\n');
    for (const path of ['.git', 'node_modules', 'data', 'test', '.env*', '**/*.key'])
      expect(left).toContain(path);
  });
});

test('the unit of systemd drops every right that it can', () => {
  const unit = text('deploy/systemd/pika-expander.service');
  for (const line of [
    'DynamicUser=yes',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    'PrivateDevices=yes',
    'SystemCallFilter=@system-service',
    'UMask=0077',
  ])
    expect(unit.split('\n')).toContain(line);
});
