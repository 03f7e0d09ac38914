import type { ForecastRange } from '../../model/forecast.ts';
import type { Forecast } from '../../model/views/forecast.ts';
import type { Plan, Topology } from '../../model/views/plan.ts';
import { formatBytes, formatDuration, printable } from '../format.ts';
import type { Style } from '../style.ts';
import { renderFindings } from './findings.ts';
import { rangeText } from './schedule.ts';

/** The plan as an operator reads it before saying yes. */
export function renderPlan(plan: Plan, style: Style): string[] {
  return [
    style.bold(`Plan ${plan.id}`),
    ...masterLines(plan),
    ...(plan.findings.length === 0 ? ['  No findings.'] : ['', ...renderFindings(plan.findings, style)]),
    '',
    ...(plan.acceptable ? whatFollows(plan, style) : []),
    plan.acceptable
      ? style.green('This plan can be started.')
      : style.red('This plan is refused: see the errors above. Nothing was changed.'),
  ];
}

function whatFollows(plan: Plan, style: Style): string[] {
  return [
    ...batchLines(plan, style),
    ...forecastLines(plan.forecast),
    ...(plan.waitsFor === null
      ? []
      : [`  It waits its turn: expansion ${plan.waitsFor} is at work on this master.`]),
    '',
  ];
}

function masterLines(plan: Plan): string[] {
  const version = plan.capabilities?.version ?? plan.topology?.master.version;
  const facts = [
    version
      ? `Pika ${version}${plan.topology?.master.gitSha ? ` (build ${plan.topology.master.gitSha.slice(0, 8)})` : ''}`
      : 'version unknown',
    plan.topology?.master.sstBytes == null
      ? null
      : `${formatBytes(plan.topology.master.sstBytes)} in table files`,
    slavesText(plan.topology),
  ];
  return [
    `  Master ${plan.master.name}: ${printable(facts.filter((fact) => fact !== null).join(', '))}`,
    ...(plan.ports ? [`  ${printable(plan.ports.text)}`] : []),
  ];
}

function slavesText(topology: Topology | null): string | null {
  if (topology === null) return null;
  const { slaves } = topology;
  if (slaves.length === 0) return 'no slaves now';
  return `slaves now: ${slaves.map((slave) => `${slave.ip}:${slave.port}`).join(', ')}`;
}

function batchLines(plan: Plan, style: Style): string[] {
  if (plan.batches.length === 0) return ['  No batches.'];
  const width = String(plan.batches.length).length;
  const lines = plan.batches.map(
    (nodes, index) => `  Batch ${String(index + 1).padStart(width)}: ${nodes.join(', ')}`,
  );
  return [...lines, style.dim(`  ${printable(plan.batchSizeReason.text)}`)];
}

function forecastLines(forecast: Forecast | null): string[] {
  if (forecast === null) return [];
  const { binlog } = forecast;
  const kept = binlog.keptBytes === null ? '' : `; the master keeps ${formatBytes(binlog.keptBytes)}`;
  return [
    `  Forecast: ${rangeText(forecast.secondsTotal, formatDuration)} in all, ${rangeText(forecast.secondsPerNode, formatDuration)} a node, ${rangeText(forecast.bytesPerNode, formatBytes)} to copy to each`,
    ...forecast.batches.map(
      (batch) =>
        `    batch ${batch.batch + 1}: begins after ${expectedText(batch.startSeconds)}, takes ${rangeText(batch.seconds, formatDuration)} (${batch.dump} dump)`,
    ),
    `    Binlog written during the longest batch: ${rangeText(binlog.duringBatchBytes, formatBytes)}${kept}`,
    `    Disk: ${rangeText(forecast.masterDiskBytes, formatBytes)} more on the master; on each node the copy beside its old data`,
    `    ${printable(forecast.basis)}`,
  ];
}

const expectedText = (range: ForecastRange | null): string =>
  range === null ? 'an unknown time' : formatDuration(range.expected);
