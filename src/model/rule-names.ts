/** The rules of "verified" (docs/verified.md). */
export const ruleNames = [
  'full_sync_seen',
  'bytes_received',
  'single_snapshot',
  'role_and_link',
  'listed_by_master',
  'offset_passed',
  'data_agrees',
  'stable',
] as const;

export type RuleName = (typeof ruleNames)[number];
