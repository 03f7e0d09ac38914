import type { Severity } from './finding.ts';

export interface FindingDescription {
  readonly severity: Severity;
  /** What the code means in general, and where that is known from. */
  readonly explanation: string;
}

const describe = <Code extends string>(table: Record<Code, readonly [Severity, string]>) =>
  Object.fromEntries(
    Object.entries<readonly [Severity, string]>(table).map(([code, [severity, explanation]]) => [
      code,
      { severity, explanation },
    ]),
  ) as Readonly<Record<Code, FindingDescription>>;

/** Every finding of preflight and of the check before each batch. Codes are stable; one code has one severity. */
export const findingCodes = describe({
  no_nodes: ['error', 'The request names no node.'],
  too_many_nodes: ['error', 'The request names more nodes than one expansion takes.'],

  master_unreachable: ['error', 'The address of the master refuses, or cannot be reached or resolved.'],
  master_no_answer: ['error', 'The master took the connection, but did not reply within the limit.'],
  master_denied: ['error', 'The master answered, but would not let the service in.'],
  master_garbled: ['error', 'What answers at the address of the master does not speak like a Pika.'],
  master_facts_missing: ['error', 'The master answered, but not all that a decision needs could be read.'],
  node_unreachable: ['error', 'The address of the node refuses, or cannot be reached or resolved.'],
  node_busy: ['error', 'The node took the connection, but did not reply within the limit.'],
  node_denied: ['error', 'The node answered, but would not let the service in.'],
  node_garbled: ['error', 'What answers at the address of the node does not speak like a Pika.'],
  node_facts_missing: ['error', 'The node answered, but not all that a decision needs could be read.'],

  node_is_master: ['error', 'A node to be added is the master itself.'],
  node_named_twice: ['error', 'Two entries of the request lead to one server.'],
  announced_address_shared: [
    'error',
    'Two nodes announce themselves to the master under one address. The master keys its slaves by the announced address and refuses the second for good ("Slave AlreadyExist").',
  ],
  announced_port_differs: [
    'error',
    'A node announces its own configured port to the master, not a mapped one; under the port of the request it would never be found in the list of the master.',
  ],
  node_seen_as_loopback: [
    'warning',
    'The node is given by a loopback address although the master is not; the master will list it under another address.',
  ],
  node_seen_by_name: [
    'warning',
    'The master lists its slaves by IP address, so a node given by name cannot be found in that list for certain.',
  ],
  loopback_trap: [
    'error',
    'The master is given by a loopback address, but the node is elsewhere. Pika replaces 127.0.0.1 by an address of the node itself, so the node would look for the master on its own machine.',
  ],
  ipv6_unsupported: ['error', 'Pika speaks IPv4 only between nodes (3.3.6 to 4.0.1).'],
  master_port_too_high: [
    'warning',
    'Pika derives further ports from its own, up to + 10001 (3.5.0 and later); above 55534 that one does not exist.',
  ],
  master_port_mapped: [
    'warning',
    'The master listens on another port than the nodes are told. They also connect to that port + 2000 and + 10001 (3.5.0 and later), so the mapping must keep these distances.',
  ],

  already_slave_of: [
    'error',
    'The node is a slave of another master, and the request does not permit to repoint it.',
  ],
  already_slave_of_this_master: [
    'error',
    'The node is a slave of this master already. Whether its data are complete cannot be told from its state alone; a full sync anew needs the permission to repoint it.',
  ],
  will_be_repointed: [
    'warning',
    'The node will be taken away from the master that it has now, as the request permits.',
  ],
  has_slaves: [
    'error',
    'The node has slaves of its own. Pika refuses SLAVEOF on it ("already master of others, invalid usage"), and its slaves would lose their source.',
  ],
  holds_data: ['error', 'The node holds keys, and the request does not permit to replace them.'],
  data_unknown: [
    'error',
    'Whether the node holds keys could not be read, and the request does not permit to replace them.',
  ],
  data_will_be_replaced: ['warning', 'The keys of the node will be replaced, as the request permits.'],
  replication_id_differs: [
    'warning',
    'The node remembers the replication id of another master. With it Pika refuses the master for good (recording 21), so it is cleared before SLAVEOF.',
  ],
  replication_id_same: [
    'warning',
    'The node remembers the replication id of this master, so Pika may skip the full sync and come up without data (recordings 12b and 31). It is cleared and a full sync is forced.',
  ],
  stale_entry: [
    'warning',
    'The master still lists the node, although the node is not its slave. A SLAVEOF would be answered "Slave AlreadyExist" until the entry is gone (up to 180 s).',
  ],
  node_writable_as_slave: [
    'warning',
    'The node takes writes while it is a slave (slave-read-only no), so its data can drift from the master.',
  ],
  node_db_fatal: ['error', 'The database of the node reports a fatal background error.'],

  version_pair_refused: [
    'error',
    'A node of this version cannot become a slave of a master of that version.',
  ],
  version_pair_untried: ['warning', 'Nothing is known of this pair of versions.'],
  version_has_bug: [
    'info',
    'On this version a second dump on the master spoils the full sync that is under way (upstream issue 2742), so full syncs run one at a time.',
  ],
  version_one_at_a_time: ['info', 'On this version full syncs of one master run one at a time.'],
  version_cannot_be_proven: [
    'error',
    'On this version the service cannot prove a full sync, so it would never say `verified`.',
  ],
  streams_not_transferred: [
    'info',
    'A full sync of 3.5.3 to 3.5.5 carries every type but streams: streams that the master holds will be missing on the node, and the comparison of the data will say so.',
  ],
  batch_size_reduced: ['warning', 'The request asks for more nodes together than the versions allow.'],
  databases_differ: [
    'error',
    'The number of databases differs; Pika refuses such a slave for good (recording 15).',
  ],
  db_instance_num_differs: ['error', 'db-instance-num differs; Pika 4 refuses such a slave for good.'],
  binlog_file_size_differs: ['error', 'binlog-file-size differs, so the two binlogs cannot correspond.'],
  settings_unreadable: [
    'warning',
    'Settings that must be equal on both sides could not be read and so not compared.',
  ],
  masterauth_missing: [
    'error',
    'The master wants a password, but the node has no masterauth. Pika refuses such a slave for good (recording 13).',
  ],
  masterauth_differs: [
    'error',
    'The masterauth of the node is not the password of the master. Pika refuses such a slave for good (recording 13).',
  ],
  masterauth_unproven: [
    'warning',
    'Whether the masterauth of the node is the password of the master could not be compared.',
  ],
  master_password_differs: [
    'warning',
    'The configured password is not the requirepass of the master. With an empty userpass Pika accepts any password at login (recording 13b), so a login proves nothing.',
  ],

  master_is_slave: ['warning', 'The master is itself a slave: the nodes become slaves of a slave (a chain).'],
  master_still_syncing: [
    'error',
    'The master is itself a slave whose own sync is not finished. Nodes attached below it come up with no data (recording 20).',
  ],
  master_not_eligible: [
    'warning',
    'The master says that it is not eligible for election: a full sync of its own was begun and not finished, so its own data may be incomplete.',
  ],
  master_db_fatal: [
    'error',
    'The database of the master reports a fatal background error; a dump of it would not be complete.',
  ],
  master_busy: [
    'warning',
    'The master is at work on something that a full sync must not meet; the expansion waits for its end.',
  ],
  master_replaced: [
    'error',
    'Another server answers at the address of the master than the one that was planned with.',
  ],
  master_restarted_since_plan: ['info', 'The master was restarted since the plan was made.'],

  binlog_retention_risk: [
    'warning',
    'More binlog is written during a full sync than the master keeps, and its version does not spare the binlog of a slave in full sync from purging (up to 3.4). Where it is not known how long a full sync takes: what is kept lasts less than a day.',
  ],
  binlog_retention_raised: [
    'info',
    'As binlog_retention_risk; the request permits the service to raise expire-logs-nums on the master for the time of the expansion.',
  ],
  binlog_disk_growth: [
    'warning',
    'More binlog is written during a full sync than the settings of the master keep. From 3.5.0 on nothing is purged while a slave is in full sync, so it piles up on disk.',
  ],

  expansion_on_master: ['info', 'Another expansion is at work on this master; this one waits its turn.'],
  node_in_other_expansion: ['error', 'The node belongs to another expansion that has not ended.'],
});

export type FindingCode = keyof typeof findingCodes;
