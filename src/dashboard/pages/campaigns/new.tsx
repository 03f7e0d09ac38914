import { Button, Checkbox, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import type { PolicyInput } from '../../../model/policy.ts';
import type { CampaignPlan, MemberPlan } from '../../../model/views/campaign.ts';
import { type CampaignRequest, planCampaign, startCampaign } from '../../api/campaigns.ts';
import { useMay } from '../../api/queries.ts';
import { Crumbs } from '../../components/crumbs.tsx';
import { Notice, PageTitle, Panel, Said, useDuration } from '../../components/parts.tsx';
import { Scrollable } from '../../components/scrollable.tsx';
import { Badge } from '../../components/status.tsx';
import { TableHead } from '../../components/table-head.tsx';
import { useMessages } from '../../i18n.tsx';
import { Link, useRouter } from '../../router.tsx';
import { nodeInput } from '../new-expansion/parse-nodes.ts';
import { PlanError } from '../new-expansion/plan-error.tsx';
import { Findings } from '../new-expansion/plan-view.tsx';
import { PolicyForm } from '../new-expansion/policy-form.tsx';
import { type ParsedMembers, parseMembers } from './parse-members.ts';

/** Many masters under one request: written down, planned, and only then started. */
export default function NewCampaignPage() {
  const t = useMessages();
  const c = t.campaigns;
  const f = c.form;
  const may = useMay('expand');
  const { go } = useRouter();
  const [label, setLabel] = useState('');
  const [text, setText] = useState('');
  const [settings, setSettings] = useState(defaults);
  const [policy, setPolicy] = useState<PolicyInput>({});
  const parsed = useMemo(() => parseMembers(text), [text]);
  const request = useMemo(
    () => requestOf(parsed, label, settings, policy),
    [parsed, label, settings, policy],
  );
  const asked = JSON.stringify(request);
  const plan = useMutation({
    mutationFn: async () => ({
      plan: await planCampaign(request),
      of: asked,
      key: crypto.getRandomValues(new Uint32Array(4)).join('-'),
    }),
  });
  const start = useMutation({
    mutationFn: (key: string) => startCampaign(request, key),
    onSuccess: ({ id }) => go({ page: 'campaign', id }),
  });
  const ready = parsed.members.length > 0 && parsed.problems.length === 0;
  const made = plan.data;
  const stale = made !== undefined && made.of !== asked;
  return (
    <div className="main narrow">
      <Crumbs to={{ page: 'campaigns' }} title={c.title} id={f.title} />
      <PageTitle title={f.title}>{f.title}</PageTitle>
      {!may && <Notice tone="info">{t.app.viewerNote}</Notice>}
      {may && (
        <>
          <p className="soft">{f.what}</p>
          <Panel id="members" title={`1  ${c.members}`}>
            <div className="stack">
              <Textarea
                label={f.membersLabel}
                description={f.membersHelp}
                placeholder={'10.0.1.1:9221 10.0.1.2:9221 10.0.1.3:9221\n10.0.2.1:9221 10.0.2.2:9221'}
                className="mono-input"
                rows={7}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                spellCheck={false}
                required
              />
              <MembersFeedback parsed={parsed} />
            </div>
          </Panel>
          <Panel id="settings" title={`2  ${c.settings}`}>
            <div className="stack">
              <div className="form-grid">
                <Count
                  label={f.canaries}
                  help={f.canariesHelp}
                  least={0}
                  name="canaries"
                  {...{ settings, setSettings }}
                />
                <Count
                  label={f.maxRunning}
                  help={f.maxRunningHelp}
                  name="maxRunning"
                  {...{ settings, setSettings }}
                />
                <Count
                  label={f.stopAfter}
                  help={f.stopAfterHelp}
                  name="stopAfterFailures"
                  {...{ settings, setSettings }}
                />
              </div>
              <Checkbox
                label={f.approval}
                description={f.approvalHelp}
                checked={settings.approval}
                onChange={(event) => setSettings({ ...settings, approval: event.currentTarget.checked })}
              />
              <TextInput
                label={t.newExpansion.label}
                description={t.newExpansion.labelHelp}
                value={label}
                maxLength={160}
                onChange={(event) => setLabel(event.currentTarget.value)}
              />
              <details>
                <summary>{f.policy}</summary>
                <PolicyForm policy={policy} onChange={setPolicy} />
              </details>
            </div>
          </Panel>
          <div className="row">
            <Button
              size="md"
              variant={made && !stale ? 'default' : 'filled'}
              disabled={!ready}
              loading={plan.isPending}
              onClick={() => plan.mutate()}
            >
              {t.newExpansion.makePlan}
            </Button>
            <span className="faint">{t.newExpansion.lookHelp}</span>
          </div>
          {plan.isError && <PlanError error={plan.error} />}
          {made && (
            <div className="stack" data-testid="plan">
              <h2 className="step-title">3 {t.newExpansion.stepPlan}</h2>
              {stale && (
                <Notice tone="warn" live>
                  {t.newExpansion.planStale}
                </Notice>
              )}
              <PlanShown plan={made.plan} />
              {start.isError && <PlanError error={start.error} />}
              <div className="row">
                <Button
                  size="md"
                  disabled={!made.plan.acceptable || stale}
                  loading={start.isPending}
                  onClick={() => start.mutate(made.key)}
                >
                  {f.start}
                </Button>
                <span className="faint">{f.startHelp}</span>
              </div>
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** As the service has them where nothing is given. */
const defaults = { canaries: 1, maxRunning: 1, stopAfterFailures: 1, approval: false };
type Settings = typeof defaults;

function requestOf(
  { members }: ParsedMembers,
  label: string,
  { canaries, maxRunning, stopAfterFailures, approval }: Settings,
  policy: PolicyInput,
): CampaignRequest {
  return {
    ...(label.trim() === '' ? {} : { label: label.trim() }),
    maxRunning,
    stopAfterFailures,
    canary: { count: canaries, approval },
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    members: members.map(({ master, nodes }) => ({ master: nodeInput(master), nodes: nodes.map(nodeInput) })),
  };
}

function Count({
  label,
  help,
  name,
  least = 1,
  settings,
  setSettings,
}: {
  readonly label: string;
  readonly help: string;
  readonly name: 'canaries' | 'maxRunning' | 'stopAfterFailures';
  readonly least?: number;
  readonly settings: Settings;
  readonly setSettings: (settings: Settings) => void;
}) {
  return (
    <NumberInput
      label={label}
      description={help}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      min={least}
      max={200}
      allowDecimal={false}
      value={settings[name]}
      onChange={(value) => typeof value === 'number' && setSettings({ ...settings, [name]: value })}
    />
  );
}

function MembersFeedback({ parsed }: { readonly parsed: ParsedMembers }) {
  const t = useMessages();
  const f = t.campaigns.form;
  const problems = useDeferredValue(parsed.problems);
  const nodes = parsed.members.reduce((count, member) => count + member.nodes.length, 0);
  const words = {
    invalid: t.newExpansion.nodesInvalid,
    option: t.newExpansion.nodesOption,
    twice: t.newExpansion.nodesTwice,
    alone: f.alone,
    permits: f.permits,
  };
  return (
    <div aria-live="polite">
      <p className="soft num">{f.recognised(parsed.members.length, nodes)}</p>
      {problems.length > 0 && (
        <ul className="plain error-lines">
          {problems.slice(0, 8).map(({ line, text, kind }) => (
            <li key={`${line} ${text} ${kind}`}>{words[kind](line, text)}</li>
          ))}
          {problems.length > 8 && <li>+{problems.length - 8}</li>}
        </ul>
      )}
    </div>
  );
}

/** What each member would do, and what stands against it. */
function PlanShown({ plan }: { readonly plan: CampaignPlan }) {
  const t = useMessages();
  const c = t.campaigns;
  const n = t.newExpansion;
  const duration = useDuration();
  const findings = plan.members.flatMap(({ master, findings }) =>
    findings.map((finding) => ({ ...finding, node: finding.node ?? master })),
  );
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  return (
    <>
      {plan.acceptable ? (
        <Notice tone={warnings > 0 ? 'warn' : 'good'} title={n.acceptable} live>
          {warnings > 0 && <p>{n.warnings(warnings)}</p>}
        </Notice>
      ) : (
        <Notice tone="bad" title={n.notAcceptable(errors)} live />
      )}
      {plan.forecastSeconds !== null && plan.acceptable && (
        <p>
          {n.forecastTotal}: <strong className="num">{duration(plan.forecastSeconds * 1000)}</strong>{' '}
          <span className="faint small">{c.remainingHelp}</span>
        </p>
      )}
      {findings.length > 0 && <Findings findings={findings} />}
      <Panel id="member-plans" title={c.members} flush>
        <Scrollable label={c.members}>
          <table className="table">
            <TableHead columns={['#', c.group, c.master, t.overview.nodes, n.batches, n.forecast]} />
            <tbody>
              {plan.members.map((member) => (
                <MemberPlanRow key={member.index} member={member} />
              ))}
            </tbody>
          </table>
        </Scrollable>
      </Panel>
    </>
  );
}

function MemberPlanRow({ member }: { readonly member: MemberPlan }) {
  const t = useMessages();
  const duration = useDuration();
  const seconds = member.forecast?.secondsTotal ?? null;
  return (
    <tr>
      <td className="num">{member.index + 1}</td>
      <td>
        <Badge tone={member.group === 'canary' ? 'odd' : 'plain'}>{t.campaigns.groups[member.group]}</Badge>
      </td>
      <td className="mono">{member.master}</td>
      <td className="mono small">{member.nodes.join(', ')}</td>
      <td title={member.batchSizeReason.text}>
        {t.newExpansion.batchSizeChosen(member.batchSize)}
        {member.waitsFor !== null && (
          <>
            {'; '}
            <Said>{t.newExpansion.waitsFor}</Said>{' '}
            <Link to={{ page: 'expansion', id: member.waitsFor }}>{member.waitsFor}</Link>
          </>
        )}
      </td>
      <td className="num nowrap">
        {seconds === null
          ? t.common.unknown
          : t.newExpansion.forecastRange(duration(seconds.low * 1000), duration(seconds.high * 1000))}
      </td>
    </tr>
  );
}
