import { type Database, onlyRow } from './database.ts';

/** The stored private key (PEM); at the first start the offered one is kept. All processes get the same. */
export async function keepSigningKey(database: Database, offered: string): Promise<string> {
  await database.query('insert into signing_key (private_key) values ($1) on conflict do nothing', [offered]);
  const rows = await database.query<{ private_key: string }>('select private_key from signing_key');
  return onlyRow(rows).private_key;
}
