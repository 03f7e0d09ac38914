import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartFolder, type Manifest, manifestsOf, renderedTexts } from '../../scripts/chart.ts';
import { namedSettings, settings } from '../../src/platform/settings.ts';

const secret = { existingSecret: 'expander-secrets' };
const everything = {
  ...secret,
  postgresql: { enabled: true, storageClassName: 'fast' },
  ingress: { enabled: true, className: 'nginx', tlsSecret: 'cert' },
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true, url: 'https://expander.example.net' },
  networkPolicy: { apiFrom: [{ namespaceSelector: {} }] },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'a', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  imagePullSecrets: [{ name: 'pull' }],
};
const named = (manifests: readonly Manifest[], kind: string, name: string): Manifest =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name)!;
// biome-ignore lint/suspicious/noExplicitAny: the shape of a pod
const podsOf = (manifests: readonly Manifest[]): any[] =>
  manifests.flatMap(({ kind, spec }) =>
    ['Deployment', 'StatefulSet'].includes(kind) ? [spec.template] : [],
  );

test('the chart has the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(chartFolder, '../../../package.json'), 'utf8')) as {
    version: string;
  };
  const chart = parse(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8')) as { appVersion: string };
  const values = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) as { image: { tag: string } };
  expect([chart.appVersion, values.image.tag]).toEqual([version, version]);
});

test('it says what is missing when no Secret is named', () => {
  expect(() => manifestsOf({})).toThrow('existingSecret is not set');
});

test('it makes one API and workers, with what keeps them up', () => {
  const kinds = manifestsOf(secret).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(kinds.sort()).toEqual([
    'Deployment expander-api',
    'Deployment expander-worker',
    'NetworkPolicy expander',
    'PodDisruptionBudget expander-api',
    'PodDisruptionBudget expander-worker',
    'Service expander',
    'Service expander-worker',
    'ServiceAccount expander',
  ]);
});

describe.each([
  ['with its defaults', secret],
  ['with everything on', everything],
])('the chart %s', (_name, values) => {
  const manifests = manifestsOf(values);

  test('gives each manifest a version, a kind, a name and the labels of the release, once', () => {
    for (const { apiVersion, kind, metadata } of manifests)
      expect({ apiVersion, kind, ...metadata }).toMatchObject({
        apiVersion: expect.stringMatching(/^([a-z0-9.]+\/)?v1$/),
        name: expect.stringMatching(/^expander/),
        labels: { 'app.kubernetes.io/name': 'pika-expander', 'app.kubernetes.io/instance': 'expander' },
      });
    const ids = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('gives no pod a right that it does not need', () => {
    const pods = podsOf(manifests);
    expect(pods.length).toBeGreaterThan(1);
    for (const { spec } of pods) {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const container of spec.containers)
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  test('each selector finds the pods that it is meant for, and no others', () => {
    for (const { kind, metadata, spec } of manifests) {
      const labels = kind === 'Service' ? spec.selector : (spec?.selector?.matchLabels ?? null);
      if (labels === null || !['Service', 'Deployment', 'StatefulSet', 'PodDisruptionBudget'].includes(kind))
        continue;
      const chosen = podsOf(manifests).filter((pod) =>
        Object.entries(labels).every(([name, value]) => pod.metadata.labels[name] === value),
      );
      expect([kind, metadata.name, chosen.length]).toEqual([kind, metadata.name, 1]);
    }
  });

  test('each port that is named is there, and each volume that is mounted', () => {
    for (const { spec } of podsOf(manifests))
      for (const container of spec.containers) {
        const ports = container.ports.map(({ name }: { name: string }) => name);
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
          if (container[probe]?.httpGet) expect(ports).toContain(container[probe].httpGet.port);
        for (const { name } of container.volumeMounts)
          expect(['data', ...spec.volumes.map((volume: { name: string }) => volume.name)]).toContain(name);
      }
  });
});

test('the pods have the settings of the service, by names that the service knows, and no secret of their own', () => {
  const { spec } = named(
    manifestsOf({ ...everything, settings: { PIKA_EXPANDER_SLOTS_TOTAL: 4 } }),
    'Deployment',
    'expander-worker',
  );
  const [container] = spec.template.spec.containers;
  expect(container.args).toEqual(['serve', '--role', 'worker']);
  expect(container.envFrom).toEqual([{ secretRef: { name: 'expander-secrets' } }]);
  const env = new Map<string, { readonly value?: unknown }>(
    container.env.map((each: { name: string }) => [each.name, each]),
  );
  expect(env.get('PIKA_EXPANDER_SLOTS_TOTAL')).toEqual({ name: 'PIKA_EXPANDER_SLOTS_TOTAL', value: '4' });
  const known = [...Object.values(settings), ...namedSettings].map((row) => row.env);
  for (const name of env.keys()) if (name !== 'POSTGRES_PASSWORD') expect(known).toContain(name);
  for (const { value } of env.values()) expect(value ?? '').toEqual(expect.any(String));
});

test('an own PostgreSQL is reached by the service alone, and keeps its data in a volume', () => {
  const manifests = manifestsOf(everything);
  const { spec } = named(manifests, 'StatefulSet', 'expander-postgresql');
  expect(spec.volumeClaimTemplates[0].spec).toMatchObject({
    storageClassName: 'fast',
    accessModes: ['ReadWriteOnce'],
  });
  const policy = named(manifests, 'NetworkPolicy', 'expander-postgresql').spec;
  expect(policy.egress).toBeUndefined();
  expect(policy.ingress).toHaveLength(1);
});

test('monitoring asks with a token, and the alerts lead to the address of the installation', () => {
  const manifests = manifestsOf(everything);
  expect(named(manifests, 'ServiceMonitor', 'expander').spec.endpoints[0]).toMatchObject({
    path: '/metrics',
    authorization: { credentials: { name: 'expander-secrets', key: 'PIKA_EXPANDER_VIEWER_TOKEN' } },
  });
  const [group] = named(manifests, 'PrometheusRule', 'expander').spec.groups;
  const places = group.rules.map(
    ({ annotations }: { annotations: { runbook_url: string } }) => annotations.runbook_url,
  );
  expect(places.length).toBeGreaterThan(10);
  for (const place of places) expect(place).toMatch(/^https:\/\/expander\.example\.net\/runbook#alert-/);
});

test('what a user reads after the installation names the service', () => {
  const notes = renderedTexts(secret).find(({ file }) => file === 'NOTES.txt')!.text;
  expect(notes).toContain('service/expander 8080:8080');
});
