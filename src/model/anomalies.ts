/** The catalogue of what goes wrong in a full sync. */
export const anomalyCodes = [
  'snapshot_superseded',
  'hung_in_full_sync',
  'died_on_partial_database',
  'full_sync_skipped',
  'refused_for_good',
  'master_unreachable',
  'master_still_syncing',
  'up_but_not_listed',
  'up_but_incomplete',
  'sync_loop',
  'copy_begun_again',
  'copy_without_end',
  'node_restarted',
  'master_restarted',
  'foreign_change',
  'node_unreachable',
] as const;

export type AnomalyCode = (typeof anomalyCodes)[number];

/**
 * `wait`: the node helps itself. `reattach`: NO ONE, wait until the master no longer lists the node and 4 s at
 * least, CLEARREPLICATIONID where the ids differ, SLAVEOF … force. `quarantine`: no retry helps, the node may hold
 * partial data; where it still copies it is detached. `halt`: somebody else acts on the node; a person decides.
 */
export const remedies = ['wait', 'reattach', 'quarantine', 'halt'] as const;
export type Remedy = (typeof remedies)[number];

export interface AnomalyDescription {
  readonly title: string;
  readonly cause: string;
  readonly versions: string;
  /** Numbers of the recordings in test/recordings that show it. */
  readonly recordings: readonly string[];
  readonly remedy: Remedy;
  readonly nextSteps: readonly string[];
}

export const anomalyCatalogue: Readonly<Record<AnomalyCode, AnomalyDescription>> = {
  snapshot_superseded: {
    title: 'A newer dump replaced the one being copied',
    cause:
      'The master made another dump (for another slave, or by BGSAVE, for example a nightly backup) while this node was still copying. Up to 3.5.4 and on 4.0.0 the node takes that for the end of the transfer and opens what it has.',
    versions: '3.5.0 to 3.5.4 and 4.0.0 lose data; 3.5.5 and 4.0.1 throw the copy away and start again',
    recordings: ['05', '26', '30', '32', '34', '41'],
    remedy: 'reattach',
    nextSteps: [
      'The service detaches the node and repeats the full sync by itself once nothing else uses the master’s dump.',
      'Keep backups (BGSAVE) and other tools away from this master until the expansion has ended.',
    ],
  },
  hung_in_full_sync: {
    title: 'The full sync no longer moves',
    cause:
      'The node waits for files of a dump that no longer exists (a newer dump replaced it before its info file was copied), or the transfer is blocked. It would wait for ever, and the master keeps all its binlogs meanwhile.',
    versions: '3.5.0 to 3.5.4, 4.0.0; on others only with a blocked rsync port',
    recordings: ['06', '27', '16'],
    remedy: 'reattach',
    nextSteps: [
      'The service repeats the full sync by itself. SLAVEOF to the same master does nothing in this state: NO ONE is needed first.',
      'If it hangs again: check that the node reaches the master on its port, port + 2000 and port + 10001.',
    ],
  },
  died_on_partial_database: {
    title: 'The node died while it opened an incomplete database',
    cause:
      'A newer dump cut the copy short, and RocksDB could not open what was there. The node dies again at every start: its db directory holds the half-copied database, its former one lies beside it in the directory ending in _bak.',
    versions: '3.5.0 to 3.5.4, 4.0.0',
    recordings: ['07', '28', '34'],
    remedy: 'quarantine',
    nextSteps: [
      'On the node: stop the process, move its db directory (and dbsync) away, start it empty; its former data lies in db/<db>_bak.',
      'Then retry this node with a reason, or skip it.',
    ],
  },
  full_sync_skipped: {
    title: 'The node is up without having had a full sync',
    cause:
      'The node went straight to incremental replication: it already knew the master’s replication id (wiped by hand, or killed during its first full sync), or its copy was thrown away and it went on from its own offset. What is not in the master’s binlog is missing.',
    versions: 'all',
    recordings: ['10b', '12b', '30', '31'],
    remedy: 'reattach',
    nextSteps: ['The service detaches the node and attaches it again with force, which makes a full sync.'],
  },
  refused_for_good: {
    title: 'The master refused the node, and the node does not try again',
    cause:
      'Wrong or missing masterauth, another number of databases, another replication id or an incompatible version. Pika shows only NoConnect and never retries.',
    versions: 'all',
    recordings: ['13', '15', '16', '21'],
    remedy: 'reattach',
    nextSteps: [
      'Look into the node’s log for “Invalid masterauth”, “inconsistent with master” or “ReplicationID”.',
      'Correct the setting, then retry the node; a setting alone changes nothing until the node is attached anew.',
    ],
  },
  master_unreachable: {
    title: 'The node cannot reach the master',
    cause:
      'The node shows NoConnect and the master does not list it: the address that it was told is wrong from where it stands, or a firewall blocks the master’s port, port + 2000 or port + 10001.',
    versions: 'all',
    recordings: ['14'],
    remedy: 'reattach',
    nextSteps: [
      'From the node, try to reach the master’s port, port + 2000 and port + 10001.',
      'If nodes see the master under another address than the service does, give it as `seenAs` in the request.',
    ],
  },
  master_still_syncing: {
    title: 'The master is itself a slave in full sync',
    cause:
      'A node that joins a master which is still syncing gets the dump of an empty database and says up with no keys.',
    versions: 'all',
    recordings: ['20'],
    remedy: 'reattach',
    nextSteps: ['Wait until the master’s own link is up; the service then repeats the full sync.'],
  },
  up_but_not_listed: {
    title: 'The node says up, but the master does not list it in binlog sync',
    cause:
      'The master dropped the node (for example when it swapped its own database); the node noticed nothing and gets no increments.',
    versions: 'all',
    recordings: ['20'],
    remedy: 'reattach',
    nextSteps: [
      'The service attaches the node anew.',
      'If the master lists the node under another address, name that address as `seenAs` of the node.',
    ],
  },
  up_but_incomplete: {
    title: 'The node is up, but data are missing',
    cause:
      'Fewer bytes came than the snapshot held, or the comparison with the master found differences that do not settle.',
    versions: '3.5.0 to 3.5.4 and 4.0.0 above all',
    recordings: ['05', '26', '41'],
    remedy: 'reattach',
    nextSteps: ['The service repeats the full sync. Nobody should read from this node until it is verified.'],
  },
  sync_loop: {
    title: 'The node starts one full sync after the other',
    cause:
      'The binlog that the node needs after each copy is purged before the copy ends, each copy is superseded, or the node’s connection to the master breaks during each copy.',
    versions: 'all',
    recordings: [],
    remedy: 'quarantine',
    nextSteps: [
      'Raise expire-logs-nums on the master, or the throttle on the node, so that the copy ends before the binlog is purged.',
      'Find what makes dumps on this master (LASTSAVE), then retry the node.',
      'If no other dump was made: look into the logs of node and master for what ends their connection.',
    ],
  },
  copy_begun_again: {
    title: 'The node begins its copy again without a newer dump',
    cause:
      'The connection between the node and the master broke during the copy, or the node heard nothing from the master for 20 s. Pika then copies everything from the first byte.',
    versions: 'all',
    recordings: [],
    remedy: 'wait',
    nextSteps: [
      'Nothing: the service follows the new copy, and stops a node that begins its copy too often.',
      'If it happens again: look into the logs of node and master for what ends their connection.',
    ],
  },
  copy_without_end: {
    title: 'The node starts its copy again and again',
    cause:
      'The node received more bytes than the snapshot holds, and its copy has not ended. A node that cannot write a file deletes this file and copies it again at once, without end. The usual cause is a full disk of the node. The other cause is a network that is too slow: the node sends each request again after rsync-timeout-ms, and after ten requests it starts the file again.',
    versions: '3.5.0 and newer',
    recordings: ['43'],
    remedy: 'quarantine',
    nextSteps: [
      'On the node, look at the free space of db-sync-path and db-path (`df -h`). The copy needs the size of the snapshot beside the old data.',
      'On the node, look into pika.INFO in log-path: “No space left on device” means a full disk. “rsync timeout” means a slow network: lower throttle-bytes-per-second or raise rsync-timeout-ms.',
      'The service detaches the node (SLAVEOF NO ONE), so that it no longer loads the master’s network. Remove the cause, then retry the node; or skip it.',
    ],
  },
  node_restarted: {
    title: 'The node restarted before it was verified',
    cause:
      'The process ended and was started again; it attaches by itself. In the middle of its copy it begins from the first byte; after it, it goes on from its own binlog, without what it had logged and not applied.',
    versions: 'all',
    recordings: ['17', '31'],
    remedy: 'wait',
    nextSteps: [
      'Nothing: the service follows the new full sync, and attaches the node anew where there is none. Find out why the node restarted.',
    ],
  },
  master_restarted: {
    title: 'The master restarted during the full sync',
    cause:
      'The master’s process ended and was started again; the node reconnects about 10 s later and begins anew.',
    versions: 'all',
    recordings: ['18'],
    remedy: 'wait',
    nextSteps: ['Nothing: the service follows the new full sync. Find out why the master restarted.'],
  },
  foreign_change: {
    title: 'Somebody else changed the node',
    cause: 'The node was given another master, or detached, by something else than this expansion.',
    versions: 'all',
    recordings: ['19'],
    remedy: 'halt',
    nextSteps: [
      'Find out what else manages this node (Sentinel, an operator, a script) and stop it.',
      'Then retry the node, or skip it.',
    ],
  },
  node_unreachable: {
    title: 'The node cannot be reached',
    cause:
      'Its process ended, the network between the service and the node is broken, or something else answers in its place.',
    versions: 'all',
    recordings: ['17'],
    remedy: 'wait',
    nextSteps: [
      'Start the node, or repair the network. If it stays away too long, the attempt has failed.',
      'If it takes connections and does not reply, its process hangs: look at its threads, then restart it.',
      'If something else answers at its address, see what holds the port; if the login is refused, correct the credential.',
    ],
  },
};
