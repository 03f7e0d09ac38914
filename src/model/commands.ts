import type { NodeCommand } from './views/expansion.ts';

/** Commands that `rename-command` of a server may rename, and that the service can be given the names of. */
export const renamedCommands = ['bgsave', 'clearreplicationid', 'config', 'lastsave', 'slaveof'] as const;
export type RenamedCommand = (typeof renamedCommands)[number];

/** A command as its words go to a node. */
export function wordsOf(command: NodeCommand): readonly [string, ...(string | number)[]] {
  switch (command.kind) {
    case 'slaveof': {
      const { host, port } = command.master;
      return command.force ? ['SLAVEOF', host, port, 'force'] : ['SLAVEOF', host, port];
    }
    case 'slaveof_no_one':
      return ['SLAVEOF', 'NO', 'ONE'];
    case 'clear_replication_id':
      return ['CLEARREPLICATIONID'];
    case 'bgsave':
      return ['BGSAVE'];
    case 'config_set':
      return ['CONFIG', 'SET', command.name, command.value];
    case 'config_rewrite':
      return ['CONFIG', 'REWRITE'];
  }
}

export const commandText = (command: NodeCommand): string => wordsOf(command).join(' ');
