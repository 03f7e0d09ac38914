import type { ForecastView, PlanView, TopologyView } from '../api-types.ts';
import { formatBytes, formatDuration, printable } from '../format.ts';
import type { Style } from '../style.ts';
import { renderFindings } from './findings.ts';

/** The plan as an operator reads it before saying yes. */
export function renderPlan(plan: PlanView, style: Style): string[] {
  return [
    style.bold(`Plan ${plan.id}`),
    ...masterLines(plan),
    ...(plan.findings.length === 0 ? ['  No findings.'] : ['', ...renderFindings(plan.findings, style)]),
    '',
    ...batchLines(plan, style),
    ...forecastLines(plan.forecast),
    ...(plan.waitsFor === null
      ? []
      : [`  It waits its turn: expansion ${plan.waitsFor} is at work on this master.`]),
    '',
    plan.acceptable
      ? style.green('This plan can be started.')
      : style.red('This plan is refused: see the errors above. Nothing was changed.'),
  ];
}

function masterLines(plan: PlanView): string[] {
  const version = plan.capabilities?.version ?? plan.topology?.master.version;
  const facts = [
    version ? `Pika ${version}` : 'version unknown',
    plan.topology?.master.sstBytes == null ? null : `${formatBytes(plan.topology.master.sstBytes)} to copy`,
    slavesText(plan.topology),
  ];
  return [`  Master ${plan.master.name}: ${printable(facts.filter((fact) => fact !== null).join(', '))}`];
}

function slavesText(topology: TopologyView | null): string | null {
  if (topology === null) return null;
  const { slaves } = topology;
  if (slaves.length === 0) return 'no slaves now';
  return `slaves now: ${slaves.map((slave) => `${slave.ip}:${slave.port}`).join(', ')}`;
}

function batchLines(plan: PlanView, style: Style): string[] {
  if (plan.batches.length === 0) return ['  No batches.'];
  const width = String(plan.batches.length).length;
  const lines = plan.batches.map(
    (nodes, index) => `  Batch ${String(index + 1).padStart(width)}: ${nodes.join(', ')}`,
  );
  const reason = plan.batchSizeReason === null ? [] : [style.dim(`  ${printable(plan.batchSizeReason)}`)];
  return [...lines, ...reason];
}

function forecastLines(forecast: ForecastView | null): string[] {
  if (forecast === null) return [];
  const parts = [
    rangeText('time', forecast.seconds ?? forecast.totalSeconds, formatDuration),
    rangeText('bytes', forecast.bytes ?? forecast.totalBytes, formatBytes),
  ].filter((part) => part !== null);
  return parts.length === 0 ? [] : [`  Forecast: ${parts.join(', ')}`];
}

function rangeText(name: string, value: unknown, format: (n: number) => string): string | null {
  if (value === null) return `${name} unknown`;
  if (typeof value === 'number') return `${name} ${format(value)}`;
  const { low, high } = (value ?? {}) as { low?: unknown; high?: unknown };
  if (typeof low !== 'number' || typeof high !== 'number') return null;
  return `${name} ${format(low)} to ${format(high)}`;
}
