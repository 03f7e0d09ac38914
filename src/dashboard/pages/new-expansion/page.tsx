// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard

import { Button, Checkbox, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { PolicyInput } from '../../../model/policy.ts';
import type { Plan } from '../../../model/views/plan.ts';
import { makePlan, startExpansion, useMay, usePlan, useTopology } from '../../api/queries.ts';
import type { MasterInput, NodeInput } from '../../api/types.ts';
import { ErrorNotice, Notice, PageTitle, Panel } from '../../components/parts.tsx';
import { useLanguage, useMessages } from '../../i18n.tsx';
import { hrefOf, useRouter } from '../../router.tsx';
import { Played } from '../rehearsal/played.tsx';
import { isAddress, nodeInput, type ParsedNode, type ParsedNodes, parseNodes } from './parse-nodes.ts';
import { PlanError } from './plan-error.tsx';
import { type PermissionName, PlanView } from './plan-view.tsx';
import { PolicyForm } from './policy-form.tsx';
import { TopologyFacts } from './topology-facts.tsx';

interface Permission {
  readonly overwriteData: boolean;
  readonly repoint: boolean;
}
/** What was ticked or unticked here; what the text says of a node counts where nothing was. */
type Permissions = Readonly<Record<string, Partial<Permission>>>;

const permissionOf = (node: ParsedNode, permissions: Permissions): Permission => ({
  overwriteData: permissions[node.address]?.overwriteData ?? node.overwriteData,
  repoint: permissions[node.address]?.repoint ?? node.repoint,
});

/** From a master's address to a started expansion; nothing is changed anywhere before the last button. */
export default function NewExpansionPage() {
  const t = useMessages();
  const n = t.newExpansion;
  const may = useMay('expand');
  const { go } = useRouter();
  const [master, setMaster] = useState('');
  const [credential, setCredential] = useState('');
  const [looked, setLooked] = useState<{ master: string; credential: string | null } | null>(null);
  const [text, setText] = useState('');
  const [permissions, setPermissions] = useState<Permissions>({});
  const [policy, setPolicy] = useState<PolicyInput>({});
  const [label, setLabel] = useState('');
  const [startAt, setStartAt] = useState('');
  const [touched, setTouched] = useState(false);
  const parsed = useMemo(() => parseNodes(text), [text]);
  const topology = useTopology(looked?.master ?? null, looked?.credential ?? null);
  const planHeading = useRef<HTMLDivElement>(null);

  const request = useMemo(
    () => ({ master: masterInput(master, credential), nodes: nodeInputs(parsed, permissions), policy }),
    [master, credential, parsed, permissions, policy],
  );
  const requestText = JSON.stringify(request);
  const plan = useMutation({
    mutationFn: async () => ({ plan: await makePlan(request), of: requestText, key: newKey() }),
  });
  const shown = useShownPlan(plan.data?.plan ?? null);
  const start = useMutation({
    mutationFn: (seen: { readonly plan: Plan; readonly key: string }) =>
      startExpansion(
        {
          planId: seen.plan.id,
          ...(label.trim() === '' ? {} : { label: label.trim() }),
          // A field for a date and a time holds the time of this place.
          ...(startAt === '' ? {} : { startAt: new Date(startAt).getTime() }),
        },
        seen.key,
      ),
    onSuccess: (expansion) => go({ page: 'expansion', id: expansion.id }),
  });
  useEffect(() => {
    if (plan.data) planHeading.current?.focus();
  }, [plan.data]);

  const masterWrong = master.trim() !== '' && !isAddress(master.trim());
  const ready = isAddress(master.trim()) && parsed.nodes.length > 0 && parsed.problems.length === 0;
  const stale = plan.data !== undefined && plan.data.of !== requestText;

  const permit = (node: string, permission: PermissionName) =>
    setPermissions((old) => ({ ...old, [node]: { ...old[node], [permission]: true } }));

  const look = (event?: FormEvent) => {
    event?.preventDefault();
    setTouched(true);
    if (!isAddress(master.trim())) return;
    const next = { master: master.trim(), credential: credential.trim() === '' ? null : credential.trim() };
    if (looked?.master === next.master && looked.credential === next.credential) void topology.refetch();
    setLooked(next);
  };

  return (
    <div className="main narrow">
      <PageTitle title={n.title}>{n.title}</PageTitle>
      {!may && <Notice tone="info">{t.app.viewerNote}</Notice>}
      {may && (
        <>
          <Panel id="step-master" title={`1  ${n.stepMaster}`}>
            <form className="stack" onSubmit={look} noValidate>
              <div className="form-line">
                <TextInput
                  label={n.masterAddress}
                  placeholder={n.masterPlaceholder}
                  className="mono-input"
                  value={master}
                  onChange={(event) => setMaster(event.currentTarget.value)}
                  error={
                    (touched && master.trim() === '') || masterWrong ? `host:port. ${n.portRange}` : undefined
                  }
                  required
                  autoComplete="off"
                  spellCheck={false}
                />
                <TextInput
                  label={n.credential}
                  value={credential}
                  onChange={(event) => setCredential(event.currentTarget.value)}
                  autoComplete="off"
                  description={n.credentialHelp}
                  inputWrapperOrder={['label', 'input', 'description', 'error']}
                />
                <Button
                  type="submit"
                  variant="default"
                  loading={topology.isFetching}
                  className="form-line-button"
                >
                  {n.look}
                </Button>
              </div>
            </form>
            <div aria-live="polite">
              {topology.isError && <ErrorNotice error={topology.error} />}
              {topology.data && looked && (
                <>
                  <h3 className="sub-heading">{n.topologyTitle}</h3>
                  <TopologyFacts topology={topology.data} />
                </>
              )}
            </div>
          </Panel>

          <Panel id="step-nodes" title={`2  ${n.stepNodes}`}>
            <div className="stack">
              <Textarea
                label={n.nodesLabel}
                description={n.nodesHelp}
                placeholder={'10.0.0.11:9221\n10.0.0.12:9221\n10.0.0.13:9221'}
                className="mono-input"
                rows={6}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                spellCheck={false}
                required
              />
              <NodesFeedback parsed={parsed} />
              <PermissionTable parsed={parsed} permissions={permissions} onChange={setPermissions} />
            </div>
          </Panel>

          <Panel id="step-policy" title={`3  ${n.stepPolicy}`}>
            <div className="stack">
              <PolicyForm policy={policy} onChange={setPolicy} />
              <TextInput
                label={n.label}
                description={n.labelHelp}
                value={label}
                maxLength={200}
                onChange={(event) => setLabel(event.currentTarget.value)}
              />
              <TextInput
                type="datetime-local"
                label={n.startAt}
                description={n.startAtHelp}
                value={startAt}
                onChange={(event) => setStartAt(event.currentTarget.value)}
              />
            </div>
          </Panel>

          <div className="row">
            <Button
              size="md"
              variant={plan.data && !stale ? 'default' : 'filled'}
              disabled={!ready}
              loading={plan.isPending}
              onClick={() => plan.mutate()}
            >
              {n.makePlan}
            </Button>
            <span className="faint">{n.lookHelp}</span>
          </div>

          {plan.isError && <PlanError error={plan.error} />}
          {plan.data && shown && (
            <div className="stack" ref={planHeading} tabIndex={-1} data-testid="plan">
              <h2 className="step-title">4 {n.stepPlan}</h2>
              {stale && (
                <Notice tone="warn" live>
                  {n.planStale}
                </Notice>
              )}
              <PlanView plan={shown} onPermit={permit} />
              <Rehearsal plan={shown} />
              {start.isError && <PlanError error={start.error} />}
              <div className="row">
                <Button
                  size="md"
                  disabled={!plan.data.plan.acceptable || stale}
                  loading={start.isPending}
                  onClick={() => plan.data && start.mutate(plan.data)}
                >
                  {n.start}
                </Button>
                <span className="faint">{n.startHelp}</span>
              </div>
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** The plan as it was made; in another language than that, read again from the service. */
function useShownPlan(made: Plan | null): Plan | null {
  const { language } = useLanguage();
  const [first, setFirst] = useState({ made, language });
  if (first.made !== made) setFirst({ made, language });
  const read = usePlan(made?.id ?? '', made !== null && language !== first.language);
  return language === first.language ? made : (read.data ?? made);
}

function masterInput(master: string, credential: string): MasterInput {
  const address = master.trim();
  return credential.trim() === '' ? address : { address, credential: credential.trim() };
}

function nodeInputs(parsed: ParsedNodes, permissions: Permissions): readonly NodeInput[] {
  return parsed.nodes.map((node) => nodeInput({ ...node, ...permissionOf(node, permissions) }));
}

/** `crypto.randomUUID` is missing where the page is not served over TLS; this is there everywhere. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

function NodesFeedback({ parsed }: { readonly parsed: ParsedNodes }) {
  const n = useMessages().newExpansion;
  const problems = useDeferredValue(parsed.problems);
  const problemWords = { twice: n.nodesTwice, option: n.nodesOption, invalid: n.nodesInvalid };
  return (
    <div aria-live="polite">
      <p className="soft num">{n.nodesCount(parsed.nodes.length)}</p>
      {problems.length > 0 && (
        <ul className="plain error-lines">
          {problems.slice(0, 8).map((problem) => (
            <li key={`${problem.line} ${problem.text}`}>
              {problemWords[problem.kind](problem.line, problem.text)}
            </li>
          ))}
          {problems.length > 8 && <li>+{problems.length - 8}</li>}
        </ul>
      )}
    </div>
  );
}

/** What may be done to each node: nothing unless it is ticked here, node by node or for all. */
function PermissionTable({
  parsed,
  permissions,
  onChange,
}: {
  readonly parsed: ParsedNodes;
  readonly permissions: Permissions;
  readonly onChange: (permissions: Permissions) => void;
}) {
  const n = useMessages().newExpansion;
  if (parsed.nodes.length === 0) return null;
  const set = (addresses: readonly string[], change: Partial<Permission>) =>
    onChange({
      ...permissions,
      ...Object.fromEntries(addresses.map((address) => [address, { ...permissions[address], ...change }])),
    });
  const all = parsed.nodes.map((node) => node.address);
  const every = (key: keyof Permission) => parsed.nodes.every((node) => permissionOf(node, permissions)[key]);
  const some = (key: keyof Permission) => parsed.nodes.some((node) => permissionOf(node, permissions)[key]);
  const toggle = (key: keyof Permission) => (
    <Checkbox
      label={n[key]}
      description={n[`${key}Help`]}
      checked={every(key)}
      indeterminate={some(key) && !every(key)}
      onChange={(event) => set(all, { [key]: event.currentTarget.checked })}
    />
  );
  return (
    <fieldset className="stack plain-fieldset">
      <legend className="visually-hidden">{n.permissions}</legend>
      {toggle('overwriteData')}
      {toggle('repoint')}
      <section className="permission-box" aria-label={n.permissions} tabIndex={0}>
        <table className="table dense permissions">
          <thead>
            <tr>
              <th scope="col">{n.applyTo}</th>
              <th scope="col">{n.overwriteDataShort}</th>
              <th scope="col">{n.repointShort}</th>
            </tr>
          </thead>
          <tbody>
            {parsed.nodes.map((node) => (
              <tr key={node.address}>
                <th scope="row" className="mono">
                  {node.address}
                  {node.seenAs !== null && <span className="faint"> ({node.seenAs})</span>}
                </th>
                {(['overwriteData', 'repoint'] as const).map((key) => (
                  <td key={key}>
                    <Checkbox
                      size="xs"
                      aria-label={`${node.address}: ${n[key]}`}
                      checked={permissionOf(node, permissions)[key]}
                      onChange={(event) => set([node.address], { [key]: event.currentTarget.checked })}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </fieldset>
  );
}

/** The plan, played on simulated nodes before anything is touched, for whoever asks. */
function Rehearsal({ plan }: { readonly plan: Plan }) {
  const r = useMessages().rehearsals;
  const [wanted, setWanted] = useState<string | null>(null);
  if (wanted !== plan.id)
    return (
      <div className="row">
        <Button variant="default" onClick={() => setWanted(plan.id)}>
          {r.rehearse}
        </Button>
        <span className="faint">{r.rehearseHelp}</span>
      </div>
    );
  return (
    <section className="stack" aria-label={r.title} aria-live="polite">
      <Played plan={plan} />
      <p className="small">
        <a href={hrefOf({ page: 'rehearsal', plan: plan.id })} target="_blank" rel="noreferrer">
          {r.ownPage}
        </a>
      </p>
    </section>
  );
}
