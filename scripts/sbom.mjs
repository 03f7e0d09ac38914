// Part of `npm run build`: dist/sbom.cdx.json lists what the package holds or installs (CycloneDX), and licences that are not allowed end the build.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const allowed = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '0BSD',
  'Unlicense',
  'CC0-1.0',
  'PostgreSQL',
]);

/** Packages that the dashboard's bundle takes in, besides what the package depends on. */
const bundled = () => {
  const files = readdirSync('src/dashboard', { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !file.startsWith('vite.config'),
  );
  const names = files.flatMap((file) =>
    [...readFileSync(`src/dashboard/${file}`, 'utf8').matchAll(/(?:from|import) '([^'.][^']*)'/g)].map(
      ([, name]) => name,
    ),
  );
  return new Set(names.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')));
};

/** Of `(A OR B)` one is enough. */
const isAllowedLicence = (licence) =>
  licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((one) => allowed.has(one));

const nameOf = ({ group, name }) => (group ? `${group}/${name}` : name);

function wholeSbom() {
  const result = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (result.status !== 0) throw new Error(`npm sbom failed: ${result.stderr}`);
  return JSON.parse(result.stdout);
}

/** Writes the list. The names and licences of what is not allowed. */
export function writeSbom(file) {
  const sbom = wholeSbom();
  const own = JSON.parse(readFileSync('package.json', 'utf8'));
  const taken = bundled();
  const isRoot = (component) => {
    const name = nameOf(component);
    return name in own.dependencies || (name in own.devDependencies && taken.has(name));
  };
  const below = new Map(sbom.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const direct = new Set(below.get(sbom.metadata.component['bom-ref']));
  const kept = new Set();
  const keep = (ref) => {
    if (kept.has(ref)) return;
    kept.add(ref);
    for (const next of below.get(ref) ?? []) keep(next);
  };
  for (const component of sbom.components)
    if (direct.has(component['bom-ref']) && isRoot(component)) keep(component['bom-ref']);
  const components = sbom.components.filter((component) => kept.has(component['bom-ref']));
  const dependencies = sbom.dependencies
    .filter(({ ref }) => kept.has(ref) || ref === sbom.metadata.component['bom-ref'])
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((next) => kept.has(next)) }));
  writeFileSync(file, `${JSON.stringify({ ...sbom, components, dependencies }, null, 1)}\n`);
  return components.flatMap((component) => {
    const licences = (component.licenses ?? []).map(
      ({ license, expression }) => license?.id ?? license?.name ?? expression,
    );
    const isAllowed = licences.length > 0 && licences.every(isAllowedLicence);
    return isAllowed ? [] : [`${component['bom-ref']}: ${licences.join(', ') || 'no licence'}`];
  });
}
