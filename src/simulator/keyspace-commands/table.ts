import { collectionCommands } from './collections.ts';
import type { CommandTable } from './context.ts';
import { keyCommands } from './keys.ts';
import { scanCommands } from './scan.ts';
import { stringCommands } from './strings.ts';

/** Every data command, by its name in lower case. */
export const dataCommands: CommandTable = {
  ...keyCommands,
  ...stringCommands,
  ...collectionCommands,
  ...scanCommands,
};
