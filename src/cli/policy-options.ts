import type { Command } from 'commander';
import type { PolicyInput } from '../model/policy.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './errors.ts';
import { readText } from './settings.ts';

/** The flags out of which a policy is made; the service checks the ranges. */
export interface PolicyOptions {
  readonly policy?: string;
  readonly batchSize?: string;
  readonly approval?: string;
  readonly onFailure?: string;
  readonly maxAttempts?: string;
  readonly pauseBetweenBatches?: string;
  readonly bandwidth?: string;
  readonly mayRaiseBinlogRetention?: boolean;
  readonly verify?: string;
  readonly sample?: string;
  readonly keyCounts?: boolean;
  readonly maxOpsPerSecond?: string;
  readonly maxBytesPerSecond?: string;
}

export function addPolicyOptions(command: Command): Command {
  return command
    .option('--policy <file>', 'JSON file with a policy (- = standard input); the flags below win over it')
    .option('--batch-size <n|auto>', 'nodes attached together, as far as the version allows')
    .option('--approval <none|each_batch>', 'each_batch: wait for an approval before every further batch')
    .option('--on-failure <halt|skip|rollback>', 'what happens when a node is given up')
    .option('--max-attempts <n>', 'attaches per node, the first one included')
    .option('--pause-between-batches <duration>', 'for example 30s, 5m, 1h')
    .option('--bandwidth <bytes/s>', 'what the master may send to all nodes in full sync together')
    .option(
      '--may-raise-binlog-retention',
      'permit to raise expire-logs-nums of the master meanwhile (Pika up to 3.4); it is put back',
    )
    .option('--verify <counts|sample|full>', 'how much of the data is compared')
    .option('--sample <n>', 'keys looked at per type and database')
    .option('--key-counts', 'also compare exact key counts (scans all keys on both nodes)')
    .option('--max-ops-per-second <n>', 'limit of keys asked of each node while comparing')
    .option('--max-bytes-per-second <n>', 'limit of bytes read from each node while comparing');
}

/** The policy that file and flags ask for; undefined = all defaults. Throws UsageError. */
export function policyOf(options: PolicyOptions, context: CliContext): PolicyInput | undefined {
  const file = options.policy === undefined ? {} : readPolicy(options.policy, context);
  const verify = {
    ...file.verify,
    ...given('depth', options.verify),
    ...given('samplePerType', whole('--sample', options.sample)),
    ...given('keyCounts', options.keyCounts),
    ...given('maxOpsPerSecond', whole('--max-ops-per-second', options.maxOpsPerSecond)),
    ...given('maxBytesPerSecond', whole('--max-bytes-per-second', options.maxBytesPerSecond)),
  };
  const policy = {
    ...file,
    ...given('batchSize', options.batchSize === 'auto' ? 'auto' : whole('--batch-size', options.batchSize)),
    ...given('approval', options.approval),
    ...given('onFailure', options.onFailure),
    ...given('maxAttempts', whole('--max-attempts', options.maxAttempts)),
    ...given('pauseBetweenBatchesMs', milliseconds('--pause-between-batches', options.pauseBetweenBatches)),
    ...given('bandwidthBytesPerSecond', whole('--bandwidth', options.bandwidth)),
    ...given('mayRaiseBinlogRetention', options.mayRaiseBinlogRetention),
    ...(Object.keys(verify).length === 0 ? {} : { verify }),
  };
  return Object.keys(policy).length === 0 ? undefined : (policy as PolicyInput);
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function whole(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${flag} is "${text}"; give a whole number.`);
  return Number(text);
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function milliseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new UsageError(`${flag} is "${text}"; give a duration such as 30s, 5m or 1h.`);
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

function readPolicy(path: string, context: CliContext): PolicyInput {
  const text = readText(path, 'policy file', context);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as PolicyInput;
  } catch (error) {
    throw new UsageError(`The policy file ${path} is not JSON: ${(error as Error).message}`);
  }
  throw new UsageError(`The policy file ${path} does not hold a JSON object.`);
}
