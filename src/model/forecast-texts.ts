/** What a forecast rests on, and what bounds a rate, in words. */
import { readNote } from './comparison-texts.ts';
import { readableBytes, readableSeconds } from './quantities.ts';
import { counted, listed, nobody, type Reader, read, type Text, text } from './text.ts';
import type { Forecast, ForecastDrift, ForecastGrounds, RateLimit } from './views/forecast.ts';

const perSecond = (rate: number): string => `${readableBytes(rate)}/s`;

const limitText = text<RateLimit>({
  en: ({ budget, throttle, syncs }) => {
    const bound =
      budget !== null
        ? `its share of the budget of ${perSecond(budget)}`
        : throttle !== null
          ? `its throttle of ${perSecond(throttle)}`
          : null;
    const reached =
      syncs === 0 ? null : `the rate that ${counted(syncs, 'full sync')} between these hosts reached`;
    return listed([bound, reached].filter((part) => part !== null)) || 'nothing that is known';
  },
  zh: ({ budget, throttle, syncs }, reader) => {
    const bound =
      budget !== null
        ? `带宽预算 ${perSecond(budget)} 中它的份额`
        : throttle !== null
          ? `它的限速 ${perSecond(throttle)}`
          : null;
    const reached = syncs === 0 ? null : `这些主机之间 ${syncs} 次全量同步达到的速率`;
    return (
      listed(
        [bound, reached].filter((part) => part !== null),
        reader,
      ) || '没有已知的限制'
    );
  },
});

/** What bounds the rate of a node. */
export const limitWords = (limit: RateLimit, reader: Reader = nobody): string =>
  limitText[reader.language](limit, reader);

const basisText = text<ForecastGrounds>({
  en: ({ snapshotBytes, learntFrom, writes }) =>
    [
      snapshotBytes === null
        ? 'This version does not tell the size of the snapshot, so the service can forecast no times.'
        : `The snapshot has about ${readableBytes(snapshotBytes)} (table files of the master).`,
      learntFrom === 0
        ? 'The service has measured no full sync between these hosts before. It takes the rate from the throttle, which is only an upper bound.'
        : `The rates come from ${counted(learntFrom, 'earlier full sync')}.`,
      writes === null
        ? 'The write rate of the master was not measured.'
        : `The master writes ${perSecond(writes.bytesPerSecond)} of binlog (measured over ${readableSeconds(writes.overMs / 1000)}).`,
      'Ranges hold 90 % of cases. Waits for approval, time windows and other expansions are not counted. The findings tell of the free disk space, where an agent sees it.',
    ].join(' '),
  zh: ({ snapshotBytes, learntFrom, writes }) =>
    [
      snapshotBytes === null
        ? '该版本不提供快照大小，无法预测时间。'
        : `快照约 ${readableBytes(snapshotBytes)}（主节点的表文件）。`,
      learntFrom === 0
        ? '这些主机之间尚未测到过全量同步，速率取自限速，只是上限。'
        : `速率来自此前 ${learntFrom} 次全量同步。`,
      writes === null
        ? '没有测到主节点的写入速率。'
        : `主节点写入 binlog 的速率为 ${perSecond(writes.bytesPerSecond)}（测量时长 ${readableSeconds(writes.overMs / 1000)}）。`,
      '范围涵盖 90 % 的情况。等待批准、时间窗口和其他扩容任务的时间不计在内；有代理程序时，剩余磁盘空间见检查结果。',
    ].join(''),
});

/** What the figures rest on. */
export const basisWords = (grounds: ForecastGrounds, reader: Reader = nobody): string =>
  basisText[reader.language](grounds, reader);

type Figure = ForecastDrift['figures'][number];

const drifted: { readonly [N in Figure['name']]: Text<Figure> } = {
  snapshot_bytes: {
    en: ({ planned, now }) =>
      `the snapshot was planned with ${readableBytes(planned)} and is ${readableBytes(now)} now`,
    zh: ({ planned, now }) => `计划时快照为 ${readableBytes(planned)}，现在为 ${readableBytes(now)}`,
  },
  seconds_per_node: {
    en: ({ planned, now }) =>
      `a node was planned with at most ${readableSeconds(planned)} and takes ${readableSeconds(now)} now`,
    zh: ({ planned, now }) =>
      `计划时每个节点最多 ${readableSeconds(planned)}，现在需要 ${readableSeconds(now)}`,
  },
  write_bytes_per_second: {
    en: ({ planned, now }) =>
      `the master was planned with ${perSecond(planned)} of writes and writes ${perSecond(now)} now`,
    zh: ({ planned, now }) => `计划时主节点写入 ${perSecond(planned)}，现在写入 ${perSecond(now)}`,
  },
};

export type DriftFigures = readonly Figure[];

/** What has grown, with both figures. */
export const grownWords = (figures: DriftFigures, reader: Reader): string =>
  figures
    .map((each) => drifted[each.name]?.[reader.language](each, reader) ?? each.name)
    .join({ en: '; ', zh: '；' }[reader.language]);

/** Why a plan no longer holds. */
export const driftText = text<{ readonly figures: DriftFigures }>({
  en: ({ figures }, reader) => `the plan no longer holds: ${grownWords(figures, reader)}`,
  zh: ({ figures }, reader) => `计划已不再成立：${grownWords(figures, reader)}`,
});

export const driftWords = (figures: readonly Figure[]): string => driftText.en({ figures }, nobody);

/** The same forecast in the words of this reader. */
export const forecastFor = (forecast: Forecast | null, reader: Reader): Forecast | null =>
  forecast && {
    ...forecast,
    basis: forecast.grounds ? basisWords(forecast.grounds, reader) : forecast.basis,
    ...(forecast.depth && {
      depth: {
        ...forecast.depth,
        because: { ...forecast.depth.because, text: readNote(forecast.depth.because, reader) },
      },
    }),
    nodes: forecast.nodes.map((node) => ({
      ...node,
      limitedBy: node.limit ? limitWords(node.limit, reader) : node.limitedBy,
    })),
  };

export const driftFor = (drift: ForecastDrift | null, reader: Reader): ForecastDrift | null =>
  drift && {
    ...drift,
    text: read(driftText, { figures: drift.figures }, reader, drift.text),
    forecast: forecastFor(drift.forecast, reader)!,
  };
