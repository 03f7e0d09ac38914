/** What goes wrong in a full sync: what is recorded of it, and how it reads. */
import { type AnomalyCode, type AnomalyRow, anomalyTable, type Remedy } from './anomaly-table.ts';
import { nobody, type Reader, read } from './text.ts';
import type { AnomalyRecord } from './views/evidence.ts';

export { type AnomalyCode, anomalyCodes, type Remedy } from './anomaly-table.ts';
export type { AnomalyRecord } from './views/evidence.ts';

/** The facts from which the text of an anomaly is made. */
export type AnomalyFacts<Code extends AnomalyCode> =
  (typeof anomalyTable)[Code] extends AnomalyRow<infer F> ? F : never;

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many different facts
const rows: Readonly<Record<string, AnomalyRow<any>>> = anomalyTable;

/** What the catalogue says of an anomaly that was seen now. `facts` may hold more than its text needs. */
export function makeAnomaly<Code extends AnomalyCode>(
  code: Code,
  facts: AnomalyFacts<Code>,
  seen: { readonly at: number; readonly attempt: number; readonly remedy?: Remedy },
): AnomalyRecord {
  const { remedy, text } = rows[code]!;
  return {
    code,
    text: text.en(facts, nobody),
    facts: facts as AnomalyRecord['facts'],
    remedy,
    ...seen,
  };
}

/** The same anomaly in the words of this reader. */
export const anomalyFor = (anomaly: AnomalyRecord, reader: Reader): AnomalyRecord => ({
  ...anomaly,
  text: read(rows[anomaly.code]?.text, anomaly.facts, reader, anomaly.text),
});

export const anomalyTitle = (code: string, reader: Reader): string =>
  rows[code]?.title[reader.language]({}, reader) ?? code;

/** What can be done next, while the service is at its remedy or after it has given the node up. */
export const anomalySteps = (
  { code, facts, remedy }: Pick<AnomalyRecord, 'code' | 'facts' | 'remedy'>,
  stage: 'underWay' | 'givenUp',
  reader: Reader,
): readonly string[] => read(rows[code]?.[stage], { ...facts, remedy }, reader, []);

/** What the catalogue says of an anomaly in general. */
export function anomalyInGeneral(code: AnomalyCode, reader: Reader) {
  const { title, cause, versions, recordings, remedy } = rows[code]!;
  const { language } = reader;
  return {
    code,
    title: title[language]({}, reader),
    cause: cause[language]({}, reader),
    versions: versions[language]({}, reader),
    recordings,
    remedy,
    underWay: anomalySteps({ code, facts: { as: null }, remedy }, 'underWay', reader),
    nextSteps: anomalySteps({ code, facts: { as: null }, remedy }, 'givenUp', reader),
  };
}
