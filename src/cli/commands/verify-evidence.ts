import type { Facts, Reader } from '../../model/text.ts';
import {
  derivedTexts,
  evidenceFaults,
  verificationHead,
  verificationText,
  verificationVerdicts,
} from '../../model/verification-texts.ts';
import type { Verification, VerifiedNode } from '../../verify/index.ts';
import type { CliContext } from '../context.ts';
import type { Entrances } from '../entrances.ts';
import { CliError, UsageError } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { formatTime, pad, printable } from '../format.ts';
import { printDocument } from '../session.ts';
import type { GlobalOptions } from '../settings.ts';
import { type Style, styleFor } from '../style.ts';

export interface VerifyOptions {
  readonly verify: string;
  readonly key?: string;
  readonly out?: string;
}

/** Checks a file of evidence, without the service: 0 only when each verdict in it follows. */
export async function verifyEvidence(
  entrances: Entrances,
  context: CliContext,
  options: GlobalOptions & VerifyOptions,
  id: string | undefined,
): Promise<ExitCode> {
  if (id !== undefined || options.out !== undefined) throw new UsageError(({ files }) => files.verifyAlone);
  const result = await verified(entrances, options);
  printDocument(options, context, withTexts(result), () => lines(result, styleFor(context), context.reader));
  if (result.verdict === 'follows') return exitCodes.succeeded;
  return result.verdict === 'not_shown' ? exitCodes.needsPerson : exitCodes.failed;
}

async function verified(entrances: Entrances, { verify, key }: VerifyOptions): Promise<Verification> {
  try {
    return await entrances.verifyEvidence(verify, key ?? null);
  } catch (error) {
    const { message } = error as Error;
    const isKey = (error as { readonly which?: string }).which === 'key';
    throw new CliError(
      isKey ? 'key_unreadable' : 'evidence_unreadable',
      ({ files }) => (isKey ? files.keyUnreadable(message) : files.evidenceUnreadable(verify, message)),
      [({ files }) => (isKey ? files.keyForm : files.evidenceForm)],
      exitCodes.failed,
    );
  }
}

const withTexts = (result: Verification) => ({
  ...result,
  faults: result.faults.map((fault) => ({
    ...fault,
    text: verificationText(evidenceFaults, fault.code, fault.facts),
  })),
  nodes: result.nodes.map((node) => ({
    ...node,
    rules: node.rules.map((rule) => ({
      ...rule,
      text: verificationText(derivedTexts, rule.code, rule.facts),
    })),
  })),
});

function lines(result: Verification, style: Style, reader: Reader): string[] {
  const { verdict, expansionId, madeAt, keyId, keyPinned, events, faults, nodes } = result;
  const mark =
    verdict === 'follows' ? style.green('✔') : verdict === 'not_shown' ? style.yellow('–') : style.red('✖');
  const claimed = nodes.filter(({ outcome }) => outcome !== 'not_claimed');
  const says = (code: keyof typeof verificationHead, facts: Facts = {}) =>
    verificationText(verificationHead, code, facts, reader);
  const counts = says('counts', { claimed: claimed.length, nodes: nodes.length, events });
  return [
    `${mark} ${verificationText(verificationVerdicts, verdict, {}, reader)}`,
    ...(expansionId === null
      ? []
      : [`  ${printable(expansionId)}, ${madeAt === null ? '?' : formatTime(madeAt)}: ${counts}`]),
    ...(keyId === null ? [] : [`  ${says(keyPinned ? 'signed_by' : 'signed_by_unpinned', { keyId })}`]),
    ...faults.map(
      ({ code, facts }) =>
        `  ${style.red('✖')} ${printable(verificationText(evidenceFaults, code, facts, reader))}`,
    ),
    ...claimed.flatMap((node) => nodeLines(node, style, reader)),
  ];
}

function nodeLines({ node, outcome, rules }: VerifiedNode, style: Style, reader: Reader): string[] {
  const marks = { follows: style.green('✔'), does_not_follow: style.red('✖'), not_shown: style.yellow('–') };
  const width = Math.max(0, ...rules.map(({ rule }) => rule.length));
  const markOf = (which: VerifiedNode['outcome']): string => (which === 'not_claimed' ? ' ' : marks[which]);
  return [
    '',
    `${markOf(outcome)} ${printable(node)}`,
    ...rules.map(
      ({ rule, outcome: found, code, facts }) =>
        `  ${markOf(found)} ${pad(rule, width)}  ${printable(verificationText(derivedTexts, code, facts, reader))}`,
    ),
  ];
}
