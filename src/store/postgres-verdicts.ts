import type { Database } from './database.ts';
import { toJson } from './json.ts';
import { masterKey } from './master-key.ts';
import type { LastVerdicts, VerdictStore } from './verdicts.ts';

/** The VerdictStore on PostgreSQL. */
export function createPostgresVerdicts(database: Database): VerdictStore {
  return {
    async lastOf(node) {
      const [row] = await database.query<{ [Name in keyof LastVerdicts]: LastVerdicts[Name] }>(
        `select
           (select jsonb_build_object('phase', phase, 'at', at, 'by', by, 'target', target, 'master', master)
            from node_verdicts where place = $1) as "ofExpansion",
           (select jsonb_build_object('verdict', doc ->> 'verdict', 'at', (doc ->> 'judgedAt')::numeric, 'by', audit_id,
              'target', doc -> 'target', 'ofMaster', of_master)
            from audit_servers
            where place = $1 and (doc ->> 'verdict' = 'whole' or doc ->> 'verdict' = 'damaged') and of_master is not null
            order by (doc ->> 'judgedAt')::numeric desc limit 1) as "ofAudit",
           (select jsonb_build_object('since', (f ->> 'since')::numeric, 'by', m.guard_id, 'reason', f -> 'reason')
            from guard_masters m join guards g on g.id = m.guard_id
              cross join lateral jsonb_array_elements(m.doc -> 'findings') as f
            where jsonb_path_query_array(m.doc, '$.slaves[*].target.address') @> jsonb_build_array($2::jsonb)
              and not g.ended and f #>> '{reason,code}' = 'unproven'
              and f ->> 'server' in (select s #>> '{target,name}' from jsonb_array_elements(m.doc -> 'slaves') as s
                                     where s #> '{target,address}' = $2::jsonb)
            order by (f ->> 'since')::numeric desc limit 1) as unproven`,
        [masterKey(node), toJson({ host: node.host, port: node.port })],
        'last_verdicts',
      );
      return row!;
    },

    async withdraw(node, master, by, at) {
      await database.query(
        `insert into node_verdicts (place, phase, at, by, target, master)
         values ($1, 'withdrawn', $2, $3, $4, $5)
         on conflict (place) do update set phase = excluded.phase, at = excluded.at, by = excluded.by,
           target = excluded.target, master = excluded.master`,
        [masterKey(node.address), at, by, toJson(node), toJson(master)],
      );
    },
  };
}
