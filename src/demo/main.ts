import { languageOf } from '../cli/language.ts';
import { runDemo } from './index.ts';

process.exit(
  await runDemo({
    keep: process.argv.includes('--keep'),
    language: languageOf(process.argv, process.env),
  }),
);
