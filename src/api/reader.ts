import type { FastifyRequest } from 'fastify';
import {
  type Language,
  languageOfTag,
  nobody,
  type Reader,
  type Tool,
  toolHeader,
  tools,
} from '../model/text.ts';

/** For whom an answer is made: in the language of `Accept-Language`, in the words of the tool that says that it asks. */
export function reader({ headers }: Pick<FastifyRequest, 'headers'>): Reader {
  const tool = headers[toolHeader];
  return {
    language: languageOf(headers['accept-language'] ?? ''),
    tool: tools.includes(tool as Tool) ? (tool as Tool) : nobody.tool,
  };
}

/** The language that is wanted most of those that the service speaks. */
function languageOf(accepted: string): Language {
  const wanted = accepted
    .slice(0, 500)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.trim().split(';');
      const weight = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
      return {
        language: languageOfTag(tag),
        weight: Number(weight ?? 1),
      };
    })
    .filter(({ language, weight }) => language !== undefined && weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted[0]?.language ?? nobody.language;
}
