import { expect, test } from 'vitest';
import { campaignSummary } from '../../src/api/campaign-views.ts';
import { joinFor, planFor, progressFor } from '../../src/api/for-reader.ts';
import { batchReason } from '../../src/model/batch-reasons.ts';
import { campaignReason, stopReason } from '../../src/model/campaign-texts.ts';
import { verdictSays } from '../../src/model/comparison-texts.ts';
import { because } from '../../src/model/reasons.ts';
import type { ProgressMessage } from '../../src/model/views/expansion.ts';
import type { Plan } from '../../src/model/views/plan.ts';
import { aCampaign } from '../support/campaigns.ts';

const zh = { language: 'zh', tool: 'rest' } as const;

test('a message of progress reads in the language of whoever follows', () => {
  const waitingFor = because('copying');
  const atBound = because('then_person');
  const message = {
    joins: [
      { node: 'n', waitingFor },
      { node: 'm', waitingFor: null, progress: { atBound } },
    ],
  } as unknown as ProgressMessage;
  expect(progressFor(message, zh).joins).toEqual([
    { node: 'n', waitingFor: { ...waitingFor, text: '正在复制快照' } },
    {
      node: 'm',
      waitingFor: null,
      progress: { atBound: { ...atBound, text: '本服务将放弃该节点并请人处理' } },
    },
  ]);
});

test('a comparison inside the answer about a node does so too', () => {
  const reason = verdictSays('nothing_counted');
  const report = { reason: reason.text, notes: [], said: { reason, notes: [] } };
  const join = { comparison: { id: 'c', report } } as unknown as Parameters<typeof joinFor>[0];
  expect(joinFor(join, zh).comparison?.report?.reason).toMatch(/[\u4e00-\u9fff]/);
  expect(joinFor({ comparison: null }, zh)).toEqual({ comparison: null });
});

const han = expect.stringMatching(/[\u4e00-\u9fff]/);

test('the size of a batch and the state of a campaign have their reason with code and facts, in the language of the reader', () => {
  const batchSizeReason = batchReason('asked_over_nodes', { asked: 4, nodes: 2 });
  const plan = { batchSizeReason, capabilities: null, findings: [] } as unknown as Plan;
  expect(planFor(plan, zh).batchSizeReason).toEqual({ ...batchSizeReason, text: han });

  const reason = stopReason('cancelled', { by: 'ann', reason: 'peak hours' });
  const stateReason = campaignReason('stopping', { stop: reason, atWork: 1, cancelling: false });
  const stop = { cause: 'cancel', reason, by: 'ann', at: 1, cancelMembers: null } as const;
  const shown = campaignSummary({ ...aCampaign(), stateReason, stop, pendingControls: [] }, 1, zh);
  expect(shown.stateReason).toEqual({ ...stateReason, text: han });
  expect(shown.stop?.reason).toEqual({ ...reason, text: '由 ann 取消：peak hours' });
});
